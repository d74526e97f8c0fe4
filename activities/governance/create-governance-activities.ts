import { activityInfo } from '@temporalio/activity';
import { currentContext } from '../../context';
import type { Dispatch } from '../../operations/catalogue';
import { stepKey } from '../attempt-key';

export interface RecordKillInput {
  readonly workflowId: string;
  readonly executionRunId: string;
  readonly reason: string;
}

/** What the workflow interceptors write: a kill by signal, and messages that came without a context. */
export function createGovernanceActivities({ dispatch }: { dispatch: Dispatch }) {
  return {
    recordKill: async ({ reason, ...execution }: RecordKillInput): Promise<void> => {
      await dispatch(currentContext(), 'governance.kills.record', {
        params: { ...execution, reason: reason.slice(0, 1000) },
        idempotencyKey: `${execution.executionRunId}/kill`,
      });
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
