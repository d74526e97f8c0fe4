import { currentContext } from '../../context';
import type { ScheduleResult } from '../../contracts/schedules';
import { stepKey } from '../attempt-key';
import type { KnowledgeDependencies } from './dependencies';

interface RunInput {
  readonly planeId: string;
  readonly scheduleId: string;
}

interface EndedRun extends RunInput {
  readonly jobId: string | null;
  readonly result: ScheduleResult;
  readonly reason: string | null;
}

const reasonMax = 500;

/** The activities by which a turn of a schedule begins and ends. */
export function createScheduleActivities({ dispatch, reads }: KnowledgeDependencies) {
  async function recordScheduledRun({ reason, ...run }: EndedRun): Promise<void> {
    await dispatch(currentContext(), 'knowledge.schedules.record_run', {
      params: { ...run, reason: reason?.slice(0, reasonMax) ?? null },
      idempotencyKey: stepKey('record-run'),
    });
  }

  return {
    recordScheduledRun,

    /** The job that was begun, or null when the turn was left out. */
    beginScheduledRun: (run: RunInput): Promise<{ jobId: string | null }> =>
      dispatch(currentContext(), 'knowledge.schedules.begin_run', {
        params: run,
        idempotencyKey: stepKey('begin-run'),
      }),

    /** Whether the job has ended; if so, the turn is written down as it came out. */
    async closeScheduledRun({ jobId, ...run }: RunInput & { readonly jobId: string }): Promise<boolean> {
      const job = await reads.readJobEnd(currentContext().tenantId, jobId);
      if (job?.status === 'queued' || job?.status === 'running') return false;
      const result = job?.status === 'completed' ? 'completed' : 'failed';
      const reason = result === 'completed' ? null : `${job?.errorCode ?? job?.status}: ${job?.errorMessage ?? ''}`;
      await recordScheduledRun({ ...run, jobId, result, reason });
      return true;
    },
  };
}
