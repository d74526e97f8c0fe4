import { activityInfo } from '@temporalio/activity';
import { currentContext } from '../../context';
import type { Dispatch } from '../../operations/catalogue';
import { stepKey } from '../attempt-key';

export interface RecordKillInput {
  readonly workflowId: string;
  readonly executionRunId: string;
  readonly reason: string;
  readonly thrown?: { readonly switchId: string; readonly epoch: number };
}

/** What the workflow interceptors write: a kill by signal, and messages that came without a context. */
export function createGovernanceActivities({ dispatch }: { dispatch: Dispatch }) {
  return {
    /** Not recorded when the throw that sent the signal is no longer in force. */
    recordKill: async ({ reason, ...execution }: RecordKillInput): Promise<{ recorded: boolean }> => {
      const { executionRunId, thrown } = execution;
      const by = thrown === undefined ? 'kill' : `kill/${thrown.switchId}/${thrown.epoch}`;
      const { recorded } = await dispatch(currentContext(), 'governance.kills.record', {
        params: { ...execution, reason: reason.slice(0, 1000) },
        idempotencyKey: `${executionRunId}/${by}`,
      });
      return { recorded };
    },

    recordRefusedMessage: async ({ message }: { readonly message: string }): Promise<void> => {
      const workflowId = activityInfo().workflowExecution?.workflowId ?? '';
      await dispatch(currentContext(), 'governance.messages.refuse', {
        params: { workflowId, message: message.slice(0, 256) },
        idempotencyKey: stepKey('refused-message'),
      });
    },
  };
}
