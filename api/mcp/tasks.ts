import {
  MissingRequiredClientCapabilityError,
  type CallToolResult,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { CallView } from '../../contracts/api/tool-calls';
import { gatewayMeta } from '../../contracts/gateway';
import { rawText } from '../../contracts/text';
import { declaredBy } from './declared';
import { invalidParams, toProtocolError } from './protocol-errors';
import type { GatewayServices, Session } from './session';
import { settledResult } from './settled-result';
import type { Meta } from './told';
import { approvalOf } from './waiting-result';
import { withdrawCall } from './withdraw';

/** SEP-2663, as its revision 2026-07-28 has it. */
export const tasksExtension = 'io.modelcontextprotocol/tasks';

export function takesTasks(ctx: ServerContext): boolean {
  return declaredBy(ctx).extensions?.[tasksExtension] !== undefined;
}

type Origin = Pick<Session, 'origin'>;

/** A call that is not over, as a task. Its id is that of the call's workflow: it lives as long as the call's row. */
export function taskResult(view: CallView, taskId: string, { origin, meta }: Origin & { meta: Meta }): CallToolResult {
  const task = { resultType: 'task', ...taskOf(view, taskId, origin) };
  // The library wants content in every result of a tool.
  return { ...task, content: [], _meta: withApproval(view, meta) };
}

const TaskParams = z.looseObject({ taskId: rawText(256).min(1) });

/** Answers what clients ask about tasks. An id is no capability: a call is there for whoever made it, and for nobody else. */
export function handleTasks(
  server: Server,
  services: Pick<GatewayServices, 'toolCalls' | 'dispatch'>,
  session: Pick<Session, 'context' | 'origin' | 'logger'>,
): void {
  const { context, origin } = session;
  const own = async ({ taskId }: { taskId: string }, ctx: ServerContext): Promise<CallView> => {
    if (!takesTasks(ctx)) {
      throw new MissingRequiredClientCapabilityError({
        requiredCapabilities: { extensions: { [tasksExtension]: {} } },
      });
    }
    const view = await services.toolCalls.look(context, taskId);
    if (view === undefined) throw invalidParams('There is no such task');
    return view;
  };
  const handle = (method: string, answer: (view: CallView, taskId: string) => Promise<object>) =>
    server.setRequestHandler(method, { params: TaskParams }, async (params, ctx) => {
      try {
        return { ...(await answer(await own(params, ctx), params.taskId)) };
      } catch (error) {
        throw toProtocolError(error, session);
      }
    });
  handle('tasks/get', async (view, taskId) => ({
    ...taskOf(view, taskId, origin),
    ...(statusOf(view) === 'completed' && {
      result: settledResult(view, { server, isModern: true, meta: metaOf(view), outputSchema: undefined }),
    }),
    _meta: withApproval(view, metaOf(view)),
  }));
  handle('tasks/cancel', async (view, taskId) => {
    if (isOver(view)) return { _meta: metaOf(view) };
    await withdrawCall(services, context, view.invocation_id);
    // A call that was sent goes on; the acknowledgement says so.
    return { _meta: metaOf((await services.toolCalls.look(context, taskId)) ?? view) };
  });
  // Nothing that a client could say brings a call on, so there is never a question to which this is the answer.
  handle('tasks/update', async () => ({}));
}

const isOver = ({ status }: CallView) => status !== 'pending' && status !== 'running';

/** An outcome that is no success is still the result of the call, as it is without tasks. */
function statusOf(view: CallView): 'working' | 'completed' | 'cancelled' {
  if (!isOver(view)) return 'working';
  return view.error_code === 'withdrawn' ? 'cancelled' : 'completed';
}

function taskOf(view: CallView, taskId: string, origin: string) {
  const status = statusOf(view);
  return {
    ...{ taskId, status },
    ...(status !== 'completed' && { statusMessage: messageOf(view, origin) }),
    createdAt: view.requested_at,
    lastUpdatedAt: view.settled_at ?? view.requested_at,
    // Calls are evidence; nothing ends them but retention.
    ttlMs: null,
    // People take longer than tools.
    pollIntervalMs: view.status === 'pending' ? 10_000 : 2_000,
  };
}

function messageOf(view: CallView, origin: string): string {
  if (isOver(view)) return 'The call was taken back before it was sent.';
  return view.status === 'pending' ? approvalOf(view, origin) : 'The tool has not answered yet.';
}

function metaOf({ invocation_id: id, status, error_code: reason }: CallView): Meta {
  return {
    [gatewayMeta.invocation]: id,
    [gatewayMeta.outcome]: status,
    ...(reason !== null && { [gatewayMeta.reason]: reason }),
  };
}

function withApproval({ status, approval_id: id }: CallView, meta: Meta): Record<string, unknown> {
  return { ...meta, ...(status === 'pending' && { [gatewayMeta.approval]: id }) };
}
