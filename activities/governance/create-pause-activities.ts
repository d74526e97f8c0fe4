import { activityInfo } from '@temporalio/activity';
import { currentContext } from '../../context';
import type { Dispatch } from '../../operations/catalogue';
import { attemptKey, stepKey } from '../attempt-key';

export interface PausedJob {
  readonly planeId: string;
  readonly jobId: string;
  readonly switchId: string;
  readonly switchEpoch: number;
}

export interface PauseInput {
  readonly pauseId: string;
}

/** What a workflow records about a step that waits at a pause switch; each is one operation. */
export function createPauseActivities({ dispatch }: { dispatch: Dispatch }) {
  return {
    openPause: (job: PausedJob) => {
      const workflowId = activityInfo().workflowExecution?.workflowId ?? '';
      const params = { ...job, workflowId };
      return dispatch(currentContext(), 'governance.pauses.open', { params, idempotencyKey: attemptKey('pause') });
    },

    warnPause: async ({ pauseId }: PauseInput): Promise<void> => {
      await dispatch(currentContext(), 'governance.pauses.warn', {
        params: { pauseId },
        idempotencyKey: stepKey('warn'),
      });
    },

    expirePause: ({ pauseId }: PauseInput) =>
      dispatch(currentContext(), 'governance.pauses.expire', {
        params: { pauseId },
        idempotencyKey: stepKey('expire'),
      }),
  };
}
