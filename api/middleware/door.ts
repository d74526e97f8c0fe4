import type { Request, Response } from 'express';
import { EngineError, errorRules, refusal } from '../../contracts/errors';
import { freezeContext, platformTenantId, type ExecutionContext } from '../../contracts/execution-context';
import { isPermitted } from '../../contracts/roles';
import { rateLimitRefusal } from '../../operations/limits/rate-limit-refusal';
import { isThrow, type Route } from '../route';
import type { Admission, ApiServices, Caller, Entrance } from '../services';
import { bearerOf } from './bearer';
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
  /** Whether a stream that was admitted may go on, and for whom; refuses, on the record, when not. Its answer has begun already. */
  readmit(req: Request, res: Response, route: DoorRoute): Promise<Caller>;
  /** Runs what may refuse before any operation is asked. For requests that change something, refusals are recorded. */
  recordRefusals<T>(context: ExecutionContext, route: DoorRoute, work: () => Promise<T>): Promise<T>;
}

type DoorServices = Pick<ApiServices, 'authenticate' | 'auditDoor' | 'countStranger' | 'reportRefusals'>;

const nobody: Caller = {
  actor: { id: 'anonymous', type: 'machine' },
  tenantId: platformTenantId,
  tenantStatus: 'active',
  roles: [],
};

export function createDoor({ authenticate, auditDoor, countStranger, reportRefusals }: DoorServices): Door {
  async function refuse(context: ExecutionContext, route: DoorRoute, error: EngineError): Promise<never> {
    await auditDoor(context, error, route.operationId);
    throw error;
  }

  // Anybody can ask without a key, as often as he likes; the record of it must not grow as fast.
  async function refuseStranger(res: Response, route: DoorRoute, error: EngineError): Promise<never> {
    const context = contextOf(nobody, requestIds(res));
    const { isRecorded, isReportDue } = await countStranger(res.req.ip);
    if (isRecorded) return refuse(context, route, error);
    if (isReportDue) await reportRefusals(context);
    throw error;
  }

  async function ask(req: Request, entrance: Entrance): Promise<Admission | undefined> {
    const credential = bearerOf(req.headers.authorization);
    return credential === undefined ? undefined : authenticate(credential, entrance);
  }

  async function askOrRefuse(req: Request, res: Response, route: DoorRoute, entrance: Entrance): Promise<Admission> {
    let admission: Admission | undefined;
    try {
      admission = await ask(req, entrance);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return refuseStranger(res, route, error);
    }
    return admission ?? refuseStranger(res, route, unknownCaller(bearerOf(req.headers.authorization)));
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

      const admission = await askOrRefuse(req, res, route, isThrow(route) ? 'throw' : 'request');
      const { caller, limits, isAdmitted, isReportDue } = admission;
      setRateLimitHeaders(res, limits);
      const context = contextOf(caller, ids);
      res.locals.context = context;
      if (!isAdmitted) {
        if (isReportDue) await reportRefusals(context);
        throw rateLimitRefusal(limits);
      }
      await admission.remember?.(context);
      const refused = forbids(caller, route);
      if (refused === undefined) return { caller, context };
      // Free of limits are those who may throw; the record of the others must not grow without one.
      if (isThrow(route)) await takeToken(req, context);
      return refuse(context, route, refused);
    },

    async readmit(req, res, route) {
      const { caller } = await askOrRefuse(req, res, route, 'open stream');
      const refused = forbids(caller, route);
      if (refused !== undefined) return refuse(contextOf(caller, requestIds(res)), route, refused);
      return caller;
    },

    async recordRefusals(context, route, work) {
      try {
        return await work();
      } catch (error) {
        if (isRefusal(error) && route.method !== 'get') return refuse(context, route, error);
        throw error;
      }
    },
  };
}

function isRefusal(error: unknown): error is EngineError {
  return error instanceof EngineError && errorRules[error.code].category !== 'transient';
}

function contextOf({ actor, tenantId }: Caller, { requestId, ...position }: RequestIds): ExecutionContext {
  return freezeContext({ tenantId, actor, requestId, ...position, runId: requestId, source: 'sdk' });
}

function unknownCaller(credential: string | undefined): EngineError {
  const message =
    credential === undefined
      ? 'send an API key or an access token in the header Authorization: Bearer …'
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
