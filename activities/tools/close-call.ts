import { currentContext } from '../../context';
import type { ToolCallStep } from '../../contracts/tool-calls';
import type { CallDependencies } from './call-dependencies';

export interface CloseCallInput {
  readonly invocationId: string;
  readonly why: 'refused' | 'killed' | 'failed' | 'expired';
  readonly reason: string;
  readonly message: string;
}

/** Records the end of a call that its workflow carries no further. */
export function createCloseCall({ dispatch, watchers }: Pick<CallDependencies, 'dispatch' | 'watchers'>) {
  return async ({ reason, message, ...call }: CloseCallInput): Promise<ToolCallStep> => {
    const step = await dispatch(currentContext(), 'tools.calls.close', {
      params: { ...call, reason: reason.slice(0, 64), message: message.slice(0, 1000) },
      idempotencyKey: '',
    });
    if (step.state === 'settled') watchers.settled(call.invocationId);
    return step;
  };
}
