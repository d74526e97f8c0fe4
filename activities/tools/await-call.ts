import { Context } from '@temporalio/activity';
import { currentContext } from '../../context';
import type { ToolCallStep } from '../../contracts/tool-calls';
import type { createJoinCall } from './begin-call';
import type { CallsUnderWay, CallUnderWay } from './calls-under-way';

export interface AwaitCallInput {
  readonly invocationId: string;
  /** The workflow was cancelled before anybody waited. */
  readonly isCancelled: boolean;
}

/**
 * Waits for the end of a call that this process carries out; cancelled, it stops the call and says how that ended. Null
 * where none such is under way: `beginCall` says then how it stands. A call that fails fails here too.
 */
export function createAwaitCall({ underWay }: { readonly underWay: Pick<CallsUnderWay, 'find'> }) {
  return async ({ invocationId, isCancelled }: AwaitCallInput): Promise<ToolCallStep | null> => {
    const call = underWay.find({ tenantId: currentContext().tenantId, invocationId });
    if (call === undefined) return null;
    if (isCancelled) call.stop(new Error('the workflow was cancelled'));
    return endOf(call);
  };
}

/** The whole call as one activity, for workflows of the type `toolCall`, which began before there was `mcpToolCall`. */
export function createCallTool(joinCall: ReturnType<typeof createJoinCall>) {
  return (input: Parameters<typeof joinCall>[0]): Promise<ToolCallStep> => endOf(joinCall(input));
}

/** The call goes on where the engine has only lost sight of the activity, and then asks again. */
async function endOf(call: CallUnderWay): Promise<ToolCallStep> {
  // Taken here: the signal is aborted outside of the activity.
  const activity = Context.current();
  const cancelled = activity.cancellationSignal;
  let onCancel = () => {};
  const lost = new Promise<never>((_resolve, reject) => {
    onCancel = () => {
      const { notFound = false, timedOut = false } = activity.cancellationDetails ?? {};
      if (notFound || timedOut) reject(cancelled.reason as Error);
      else call.stop(cancelled.reason);
    };
  });
  cancelled.addEventListener('abort', onCancel, { once: true });
  if (cancelled.aborted) onCancel();
  try {
    return await Promise.race([call.end, lost]);
  } finally {
    cancelled.removeEventListener('abort', onCancel);
  }
}
