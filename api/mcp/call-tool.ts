import type { CallToolResult, InputRequiredResult, Server, ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { CallView } from '../../contracts/api/tool-calls';
import { EngineError, errorRules, refusal } from '../../contracts/errors';
import { CallKey, gatewayMeta } from '../../contracts/gateway';
import { ToolArguments } from '../../contracts/tool-call-schemas';
import { newId } from '../../operations/ids';
import { toolCallWorkflowId } from '../../operations/tools/calls/call-id';
import { askPlane } from './ask-plane';
import type { Called } from './find-called';
import type { Flights } from './flights';
import { watcherFor, type LogLevels } from './notices';
import { invalidParams, toProtocolError, unknownTool } from './protocol-errors';
import { openState } from './request-states';
import type { GatewayServices, Session } from './session';
import { settledResult } from './settled-result';
import { takesTasks, taskResult } from './tasks';
import { tellRefusal, type Meta } from './told';
import { replyOf, waitingResult } from './waiting-result';
import { withdraw } from './withdraw';

const CallParams = z.object({
  name: z.string(),
  arguments: ToolArguments.default({}),
  _meta: z.looseObject({ [gatewayMeta.key]: CallKey.optional() }).default({}),
});
type CallParams = z.infer<typeof CallParams>;

/** How long an answer is waited for in one request. A client that asks again by itself need not hold it open as long. */
const waitMs = { task: 5_000, modern: 25_000, older: 65_000 } as const;

export interface CallDependencies {
  readonly services: GatewayServices;
  readonly session: Session;
  readonly flights: Flights;
  readonly levels: LogLevels;
  readonly called: Called | undefined;
  readonly server: Pick<Server, 'projectCallToolResult'>;
}

type Answer = CallToolResult | InputRequiredResult;

/** Calls a tool for an agent. What was decided against it is a result that its model can read; what is no call is an error. */
export async function callTool(dependencies: CallDependencies, given: unknown, ctx: ServerContext): Promise<Answer> {
  const { called } = dependencies;
  const parsed = CallParams.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidParams(`Invalid params for tools/call: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  const params = parsed.data;
  if (called === undefined) return refuseUnknown(dependencies, params.name);
  return called.kind === 'plane' ? ask(dependencies, called, params) : call(dependencies, called, params, ctx);
}

async function call(
  dependencies: CallDependencies,
  { serverId, toolId, outputSchema }: Extract<Called, { kind: 'tool' }>,
  { name, arguments: args, _meta }: CallParams,
  ctx: ServerContext,
): Promise<Answer> {
  const { services, session, flights, levels, server } = dependencies;
  const { context, isModern } = session;
  const state = ctx.mcpReq.requestState();
  const waiting = state === undefined ? undefined : await openState(services.stateKeys, { context, ctx }, state);
  const key = waiting?.key ?? (_meta[gatewayMeta.key] as string | undefined) ?? newId('gen-', 16);
  const known: Meta = { [gatewayMeta.key]: key };
  let view: CallView;
  try {
    if (waiting !== undefined && replyOf(ctx) === 'withdraw') await withdraw(services, context, key);
    const request = {
      ...{ serverId, toolId, arguments: args, key, waitMs: waitMs[patienceOf(session, ctx)] },
      watcher: watcherFor(ctx, session, levels),
    };
    view = await flights.during({ callerId: context.actor.id, requestId: ctx.mcpReq.id, key }, () =>
      services.toolCalls.call(context, request),
    );
  } catch (error) {
    return answerFailure(error, { name, session, known });
  }
  const meta: Meta = {
    ...known,
    [gatewayMeta.invocation]: view.invocation_id,
    [gatewayMeta.outcome]: view.status,
    ...(view.error_code !== null && { [gatewayMeta.reason]: view.error_code }),
  };
  if (view.status === 'pending' || view.status === 'running') {
    if (patienceOf(session, ctx) === 'task') {
      const taskId = toolCallWorkflowId(context.tenantId, context.actor.id, key);
      return taskResult(view, taskId, { origin: session.origin, meta });
    }
    return waitingResult(services, session, view, { ctx, key, meta });
  }
  return settledResult(view, {
    ...{ server, isModern, meta },
    outputSchema: (outputSchema ?? undefined) as Record<string, unknown> | undefined,
  });
}

function patienceOf({ isModern }: Session, ctx: ServerContext): keyof typeof waitMs {
  if (!isModern) return 'older';
  return takesTasks(ctx) ? 'task' : 'modern';
}

async function ask(
  { services, session }: CallDependencies,
  { planeId }: Extract<Called, { kind: 'plane' }>,
  { name, arguments: payload }: CallParams,
): Promise<Answer> {
  try {
    return await askPlane(services, session, { planeId, payload });
  } catch (error) {
    if (error instanceof EngineError && error.reason === 'PLANE_NOT_FOUND') throw unknownTool(name);
    return answerFailure(error, { name, session, known: {} });
  }
}

async function refuseUnknown({ services, session }: CallDependencies, name: string): Promise<never> {
  await services.auditDoor(session.context, refusal('TOOL_NOT_FOUND', 'there is no such tool'), 'tools.calls.request');
  throw unknownTool(name);
}

const unknownReasons: readonly unknown[] = ['unknown_tool', 'TOOL_NOT_FOUND', 'SERVER_NOT_FOUND'];

function answerFailure(
  error: unknown,
  { name, session, known }: { readonly name: string; readonly session: Session; readonly known: Meta },
): CallToolResult {
  const isRefusal =
    error instanceof EngineError && errorRules[error.code].category !== 'transient' && error.code !== 'internal_error';
  // With the key, so that whoever tries again makes no second call.
  if (!isRefusal) throw toProtocolError(error, session, known);
  if (unknownReasons.includes(error.reason)) throw unknownTool(name);
  return tellRefusal(error, known);
}
