import { cancellationSignal } from '@temporalio/activity';
import { currentContext } from '../../context';
import type { ToolCallStep } from '../../contracts/tool-calls';
import type { CallsUnderWay } from './calls-under-way';

export interface AwaitCallInput {
  readonly invocationId: string;
  /** The workflow was cancelled before anybody waited. */
  readonly isCancelled: boolean;
}

/**
 * Waits for the end of a call that this process carries out; cancelled, it stops the call and says how that ended. Null
 * where none such is under way, or it ended without an outcome: `callTool` says then how it stands.
 */
export function createAwaitCall({ underWay }: { readonly underWay: Pick<CallsUnderWay, 'find'> }) {
  return async ({ invocationId, isCancelled }: AwaitCallInput): Promise<ToolCallStep | null> => {
    const call = underWay.find({ tenantId: currentContext().tenantId, invocationId });
    if (call === undefined) return null;
    const cancelled = cancellationSignal();
    const stop = () => call.stop(cancelled.reason ?? new Error('the workflow was cancelled'));
    cancelled.addEventListener('abort', stop, { once: true });
    if (isCancelled || cancelled.aborted) stop();
    try {
      return await call.end.catch(() => null);
    } finally {
      cancelled.removeEventListener('abort', stop);
    }
  };
}

export type AwaitCall = ReturnType<typeof createAwaitCall>;
