import type { Request, Response } from 'express';
import { EngineError, errorRules, refusal } from '../../contracts/errors';
import { freezeContext, platformTenantId, type ExecutionContext } from '../../contracts/execution-context';
import { isPermitted } from '../../contracts/roles';
import { rateLimitRefusal } from '../../operations/limits/rate-limit-refusal';
import { isThrow, type Route } from '../route';
import type { Admission, ApiServices, Caller, Entrance } from '../services';
import { setRateLimitHeaders } from './rate-limit-headers';
import { requestIds, type RequestIds } from './request-ids';

export interface Admitted {
  readonly caller: Caller;
  readonly context: ExecutionContext;
}

/** What the door needs to know of a route. */
export type DoorRoute = Pick<Route, 'method' | 'operationId' | 'permission'>;

export interface Door {
  /** Who asks, and whether the route is theirs to call; refuses, on the record, when not. */
  admit(req: Request, res: Response, route: DoorRoute): Promise<Admitted>;
  /** Whether a stream that was admitted may go on; refuses, on the record, when not. Its answer has begun already. */
  readmit(req: Request, res: Response, route: DoorRoute): Promise<void>;
  /** Runs what may refuse before any operation is asked. For requests that change something, refusals are recorded. */
  recordRefusals<T>(context: ExecutionContext, route: DoorRoute, work: () => Promise<T>): Promise<T>;
}

type DoorServices = Pick<ApiServices, 'authenticate' | 'auditDoor' | 'countStranger' | 'reportRefusals'>;

const nobody: Caller = { keyId: 'anonymous', tenantId: platformTenantId, tenantStatus: 'active', roles: [] };

export function createDoor({ authenticate, auditDoor, countStranger, reportRefusals }: DoorServices): Door {
  async function refuse(context: ExecutionContext, route: DoorRoute, error: EngineError): Promise<never> {
    await auditDoor(context, error, route.operationId);
    throw error;
  }

  // Anybody can ask without a key, as often as he likes; the record of it must not grow as fast.
  async function refuseStranger(context: ExecutionContext, route: DoorRoute, req: Request): Promise<never> {
    const error = unknownCaller(bearerKey(req.headers.authorization));
    const { isRecorded, isReportDue } = await countStranger(req.ip);
    if (isRecorded) return refuse(context, route, error);
    if (isReportDue) await reportRefusals(context);
    throw error;
  }

  async function ask(req: Request, entrance: Entrance): Promise<Admission | undefined> {
    const key = bearerKey(req.headers.authorization);
    return key === undefined ? undefined : authenticate(key, entrance);
  }

  async function takeToken(req: Request, context: ExecutionContext): Promise<void> {
    const admission = await ask(req, 'request');
    if (admission === undefined || admission.isAdmitted) return;
    if (admission.isReportDue) await reportRefusals(context);
    throw rateLimitRefusal(admission.limits);
  }

  return {
    async admit(req, res, route) {
      const ids = requestIds(res);
      if (route.permission === 'public') return { caller: nobody, context: contextOf(nobody, ids) };

      const admission = await ask(req, isThrow(route) ? 'throw' : 'request');
      if (admission === undefined) return refuseStranger(contextOf(nobody, ids), route, req);

      const { caller, limits, isAdmitted, isReportDue } = admission;
      setRateLimitHeaders(res, limits);
      const context = contextOf(caller, ids);
      res.locals.context = context;
      if (!isAdmitted) {
        if (isReportDue) await reportRefusals(context);
        throw rateLimitRefusal(limits);
      }
      const refused = forbids(caller, route);
      if (refused === undefined) return { caller, context };
      // Free of limits are those who may throw; the record of the others must not grow without one.
      if (isThrow(route)) await takeToken(req, context);
      return refuse(context, route, refused);
    },

    async readmit(req, res, route) {
      const ids = requestIds(res);
      const admission = await ask(req, 'open stream');
      if (admission === undefined) return refuseStranger(contextOf(nobody, ids), route, req);
      const refused = forbids(admission.caller, route);
      if (refused !== undefined) await refuse(contextOf(admission.caller, ids), route, refused);
    },

    async recordRefusals(context, route, work) {
      try {
        return await work();
      } catch (error) {
        const isRefusal = error instanceof EngineError && errorRules[error.code].category !== 'transient';
        if (isRefusal && route.method !== 'get') return refuse(context, route, error);
        throw error;
      }
    },
  };
}

function contextOf(caller: Caller, { requestId, ...position }: RequestIds): ExecutionContext {
  const { keyId, tenantId } = caller;
  const actor = { id: keyId, type: 'machine', ...(caller !== nobody && { keyId }) } as const;
  return freezeContext({ tenantId, actor, requestId, ...position, runId: requestId, source: 'sdk' });
}

const keyLengthMax = 512;

function bearerKey(header: string | undefined): string | undefined {
  const key = /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
  return key !== undefined && key.length <= keyLengthMax ? key : undefined;
}

function unknownCaller(key: string | undefined): EngineError {
  const message =
    key === undefined
      ? 'send an API key in the header Authorization: Bearer …'
      : 'the API key is unknown, expired or revoked; ask your administrator for another';
  return refusal('MISSING_IDENTITY', message);
}

// Writes of a suspended tenant are decided by their operations: it may still throw switches and revoke keys.
function forbids({ roles, tenantStatus }: Caller, { permission, method }: DoorRoute): EngineError | undefined {
  const wanted = [permission].flat().filter((each) => each !== 'public');
  if (!wanted.some((each) => isPermitted(roles, each))) {
    return refusal('ACCESS_DENIED', `this needs the permission ${wanted.join(' or ')}`, {
      details: { permission: wanted.join(' or ') },
    });
  }
  if (tenantStatus !== 'active' && method === 'get') {
    return refusal('TENANT_INACTIVE', 'the tenant is suspended; ask the operator to reactivate it');
  }
  return undefined;
}
