import { CounterKey } from '../../contracts/api/common';
import { ResolveBody } from '../../contracts/api/effects';
import {
  CallRecordView,
  InvocationPath,
  InvocationQuery,
  InvocationResolutionView,
  InvocationsPath,
  InvocationView,
  WithdrawnCall,
} from '../../contracts/api/tool-invocations';
import { refusal, type EngineError } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import { serverNotFound } from '../../operations/tools/servers/rows';
import { findCallRecord, listInvocations, type CallRecord } from '../../prisma/reads/tool-calls';
import { listRoute, mapPage, route, type Route, type RouteInput } from '../route';
import type { ApiServices } from '../services';
import { toCallRecordView } from '../views/call-record';
import { toInvocationView } from '../views/invocation';

const tag = 'Tools';
const base = '/integrations/mcp-servers/{server_id}/invocations';
type Asked = Pick<RouteInput<InvocationPath, unknown, unknown>, 'context' | 'caller' | 'params'>;

const notFound = () => refusal('NOT_FOUND', 'the server has no such call; list them with GET …/invocations');

export function toolInvocationRoutes({ dispatch, prisma, auditDoor }: ApiServices): Route[] {
  function find({ tenantId }: ExecutionContext, params: InvocationPath): Promise<CallRecord | undefined> {
    return findCallRecord(prisma, tenantId, { serverId: params.server_id, invocationId: params.invocation_id });
  }

  /** The call of a request that changes something; what is refused before the operation is on record too. */
  async function findToChange({ context, caller, params }: Asked, action: string): Promise<CallRecord> {
    if (caller.tenantStatus !== 'active') {
      return refuse(
        context,
        refusal('TENANT_INACTIVE', 'the tenant is suspended; ask the operator to reactivate it'),
        action,
      );
    }
    return (await find(context, params)) ?? refuse(context, notFound(), action);
  }

  async function refuse(context: ExecutionContext, refused: EngineError, action: string): Promise<never> {
    await auditDoor(context, refused, action);
    throw refused;
  }

  return [
    listRoute(
      {
        path: base,
        operationId: 'calls.list',
        summary: 'The calls of a server by their evidence, newest first; no arguments, no results',
        tag,
        permission: 'read:mcp',
        params: InvocationsPath,
        query: InvocationQuery,
        item: InvocationView,
        key: CounterKey,
        errors: ['resource_not_found'],
      },
      async ({ context, params, page }) => {
        const asked = { ...page, serverId: params.server_id };
        const found = await listInvocations(prisma, context.tenantId, asked);
        if (found === undefined) throw serverNotFound();
        return mapPage(found, toInvocationView);
      },
    ),
    route(
      {
        method: 'get',
        path: `${base}/{invocation_id}`,
        operationId: 'calls.get',
        summary: 'One call as it stands: decision, approval, effect and evidence; no result',
        tag,
        permission: 'read:mcp',
        successStatus: 200,
        params: InvocationPath,
        data: CallRecordView,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const found = await find(context, params);
        if (found === undefined) throw notFound();
        return toCallRecordView(found);
      },
    ),
    route(
      {
        method: 'post',
        path: `${base}/{invocation_id}/resolve`,
        operationId: 'calls.resolve',
        summary: 'Say what became of a call whose outcome nobody knows',
        tag,
        permission: 'write:effects',
        successStatus: 200,
        params: InvocationPath,
        body: ResolveBody,
        examples: { 'one that the server had carried out': { outcome: 'succeeded', reason: 'the note is gone' } },
        data: InvocationResolutionView,
        errors: ['resource_not_found', 'invalid_state', 'conflict', 'tenant_suspended'],
      },
      async ({ context, caller, params, body, idempotencyKey }) => {
        const { call } = await findToChange({ context, caller, params }, 'calls.resolve');
        const intentId = call?.intentId ?? undefined;
        if (intentId === undefined) {
          const message = 'the call was not sent: there is nothing to find out about it';
          return refuse(context, refusal('INVALID_STATE', message), 'calls.resolve');
        }
        const { outcome, reason, resolvedBy } = await dispatch(context, 'governance.effects.resolve', {
          params: { intentId, ...body },
          idempotencyKey,
        });
        return {
          invocation_id: params.invocation_id,
          ...{ intent_id: intentId, outcome, reason, resolved_by: resolvedBy },
        };
      },
    ),
    route(
      {
        method: 'post',
        path: `${base}/{invocation_id}/withdraw`,
        operationId: 'calls.withdraw',
        summary: 'Take back a call of your own that was not sent yet',
        tag,
        permission: 'execute:mcp:*',
        successStatus: 200,
        params: InvocationPath,
        data: WithdrawnCall,
        errors: ['resource_not_found', 'invalid_state', 'conflict', 'tenant_suspended'],
      },
      async ({ context, caller, params, idempotencyKey }) => {
        await findToChange({ context, caller, params }, 'calls.withdraw');
        const { invocationId, outcome } = await dispatch(context, 'tools.calls.withdraw', {
          params: { invocationId: params.invocation_id },
          idempotencyKey,
        });
        return { invocation_id: invocationId, outcome };
      },
    ),
  ];
}
