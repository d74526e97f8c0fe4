import { CancellationScope, continueAsNew, setWorkflowOptions, sleep, workflowInfo } from '@temporalio/workflow';
import { errorRules, isErrorCode } from '../contracts/errors';
import type { ScheduledSyncInput } from '../contracts/workflow-messages';
import { readFailure } from './governance/ended-work';
import { runAsSystem } from './interceptors/context';
import { isKilled } from './interceptors/kill-switch';
import { knowledgeActivities } from './knowledge-activities';
import { pinned } from './versioning';

const historyEventsMaxDefault = 3_500;
const waitMsMin = 500;
const waitMsMax = 60_000;
const waitGrowth = 1.5;

setWorkflowOptions(pinned, scheduledSync);

/**
 * One turn of a plane's schedule: has the plane read again, and stays until that job has ended, so that the overlap
 * policy sees how long the work takes. The job itself is run by the plane's own workflow.
 */
export async function scheduledSync(input: ScheduledSyncInput, begunJobId?: string): Promise<void> {
  const { planeId, scheduleId, historyEventsMax = historyEventsMaxDefault } = input;
  const { steps, records } = knowledgeActivities();
  const run = { planeId, scheduleId };

  const jobId = begunJobId ?? (await begin());
  if (jobId === null) return;
  try {
    await waitForEnd(jobId);
  } catch (error) {
    if (isKilled()) await recordWithoutFail({ jobId, result: 'failed', reason: 'stopped by the kill signal' });
    throw error;
  }

  async function begin(): Promise<string | null> {
    try {
      return (await steps.beginScheduledRun(run)).jobId;
    } catch (error) {
      const { code, reason, message } = readFailure(error);
      const isRefused =
        code === 'authorization_failed' || (isErrorCode(code) && errorRules[code].category === 'policy');
      const words = `${reason ?? code}: ${message}`;
      await recordWithoutFail({ jobId: null, result: isRefused ? 'refused' : 'failed', reason: words });
      if (isRefused) return null;
      throw error;
    }
  }

  async function waitForEnd(job: string): Promise<void> {
    for (let waitMs = waitMsMin; ; waitMs = Math.min(waitMs * waitGrowth, waitMsMax)) {
      await sleep(waitMs, { summary: 'Until the next look at the job' });
      if (await asEngine(() => records.closeScheduledRun({ ...run, jobId: job }))) return;
      const { historyLength, continueAsNewSuggested } = workflowInfo();
      if (continueAsNewSuggested || historyLength > historyEventsMax) {
        await continueAsNew<typeof scheduledSync>(input, job);
      }
    }
  }

  function recordWithoutFail(ended: { jobId: string | null; result: 'refused' | 'failed'; reason: string }) {
    return CancellationScope.nonCancellable(() => asEngine(() => records.recordScheduledRun({ ...run, ...ended })));
  }
}

// How a turn came out is written down however its schedule fares.
function asEngine<T>(work: () => T): T {
  return runAsSystem(work, 'system:scheduled-sync');
}
