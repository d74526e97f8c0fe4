import type { Logger } from 'pino';
import { resultName, type ContentBox } from '../../contracts/content-box';
import type { CallView } from '../../contracts/api/tool-calls';
import { refusal } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import type { ToolCallMessage } from '../../contracts/outbox';
import type { ToolArguments } from '../../contracts/tool-call-schemas';
import type { Dispatch } from '../../operations/catalogue';
import { newId } from '../../operations/ids';
import { toolCallWorkflowId } from '../../operations/tools/calls/call-id';
import type { HandedCalls } from '../../operations/tools/calls/handed-calls';
import type { CallWatcher, CallWatchers } from '../../operations/tools/calls/call-watchers';
import { findOwnCall } from '../../operations/tools/calls/find-own-call';
import { isDecided, readCallResult, type CallResultRow } from '../../operations/tools/calls/read-result';
import { canonicalJson } from '../../operations/transaction/canonical';
import type { StartedCalls } from '../../operations/outbox/started-calls';
import type { Database } from '../../operations/transaction/database';
import { toCallView } from '../views/tool-call';
import { awaitEnd } from './await-end';

export interface CallRequest {
  readonly serverId: string;
  readonly toolId: string;
  readonly arguments: ToolArguments;
  /** The caller's: the same again is the same call. */
  readonly key: string;
  /** Milliseconds to wait for the end of a call that need not be approved. */
  readonly waitMs: number;
  /** Told how the call gets on for as long as it is waited for, if it is carried out in this process. */
  readonly watcher?: CallWatcher;
}

export interface ToolCalls {
  /** Takes a call on, or finds it, and answers with how it stands by then. Denials are thrown. */
  call(context: ExecutionContext, request: CallRequest): Promise<CallView>;
  /** How the caller's own call stands that this workflow carries out; undefined where there is none. */
  look(context: ExecutionContext, workflowId: string): Promise<CallView | undefined>;
}

export interface ToolCallDependencies {
  readonly dispatch: Dispatch;
  readonly db: Database;
  readonly box: ContentBox;
  readonly results: { get(tenantId: string, sha256: string): Promise<Buffer> };
  readonly engine: () => {
    startToolCall(message: Pick<ToolCallMessage, 'workflowId' | 'payload'>): Promise<void>;
    awaitToolCall(workflowId: string, waitMs: number): Promise<void>;
  };
  /** Whether a call that is started now is carried out in this process, as long as nothing goes wrong. */
  readonly startsHere: () => boolean;
  readonly startedCalls: Pick<StartedCalls, 'add'>;
  readonly watchers: CallWatchers;
  readonly handedCalls: Pick<HandedCalls, 'give'>;
  readonly logger: Logger;
}

// To ask is one more request to the engine, and as long a wait there.
const askAfterMs = { here: 2_000, elsewhere: 250 };

export function createToolCalls({
  dispatch,
  db,
  box,
  results,
  engine,
  startsHere,
  startedCalls,
  watchers,
  handedCalls,
  logger,
}: ToolCallDependencies): ToolCalls {
  return {
    async call(context, { key, waitMs, watcher = {}, arguments: args, ...tool }) {
      const { tenantId, actor } = context;
      const invocationId = newId('inv_', 8);
      const workflowId = toolCallWorkflowId(tenantId, actor.id, key);
      const sealed = await box.seal(tenantId, invocationId, Buffer.from(canonicalJson(args)));
      const requested = await dispatch(context, 'tools.calls.request', {
        params: { invocationId, workflowId, ...tool, arguments: args, sealedArguments: sealed.toString('base64') },
        idempotencyKey: key,
      });
      let tellSettled = () => {};
      const settled = new Promise<void>((resolve) => (tellSettled = resolve));
      const unwatch = watchers.watch(requested.invocationId, { ...watcher, onSettled: tellSettled });
      const { serverId } = tool;
      const takeBack = handedCalls.give({ tenantId, invocationId, serverId, arguments: args });
      try {
        if (requested.start !== undefined) await start({ workflowId, payload: requested.start });
        const isHeld = requested.state === 'pending' && !(await isDecided(db, tenantId, requested.invocationId));
        if (requested.outcome === null && !isHeld) {
          const isCarriedOutHere = requested.start !== undefined && startsHere();
          await awaitEnd({
            ...{ settled, waitMs, askAfterMs: isCarriedOutHere ? askAfterMs.here : askAfterMs.elsewhere },
            askEngine: () => engine().awaitToolCall(workflowId, waitMs).catch(leave),
          });
        }
      } finally {
        takeBack();
        unwatch();
      }
      return read(context, requested.invocationId);
    },
    async look(context, workflowId) {
      const invocationId = await findOwnCall(db, context, workflowId);
      return invocationId === undefined ? undefined : read(context, invocationId);
    },
  };

  // The message in the outbox starts what was not started here.
  async function start(message: Pick<ToolCallMessage, 'workflowId' | 'payload'>): Promise<void> {
    try {
      await engine().startToolCall(message);
      startedCalls.add(message.workflowId);
    } catch (error) {
      leave(error);
    }
  }

  function leave(error: unknown): void {
    logger.warn({ err: error }, 'a call is left to the relay');
  }

  async function read({ tenantId }: ExecutionContext, invocationId: string): Promise<CallView> {
    const row = await readCallResult(db, tenantId, invocationId);
    if (row === undefined) throw refusal('NOT_FOUND', 'there is no such call');
    return toCallView(row, await outputOf(tenantId, row));
  }

  async function outputOf(tenantId: string, row: CallResultRow): Promise<unknown> {
    const { output, output_ref: ref, invocation_id: invocationId } = row;
    const sealed = output ?? (ref === null ? null : await results.get(tenantId, ref));
    if (sealed === null) return null;
    return JSON.parse((await box.open(tenantId, resultName(invocationId), sealed)).toString());
  }
}
