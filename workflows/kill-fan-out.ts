import {
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setWorkflowOptions,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities';
import { taskQueuesOf, type FanOutInput } from '../contracts/workflow-messages';
import { runAsSystem } from './interceptors/context';
import { pinned } from './versioning';

const sweepsMax = 120;
const firstWaitMs = 500;
const longestWaitMs = 10_000;

setWorkflowOptions(pinned, killFanOut);

/**
 * Carries a kill to every workflow in its scope: those with work by the rows first, then whatever the visibility index
 * still shows, until it shows nothing. The index may be late, so it must be empty twice.
 */
export function killFanOut(input: FanOutInput): Promise<Record<string, number>> {
  return runAsSystem(() => fanOut(input), 'system:kill-fan-out');
}

async function fanOut(input: FanOutInput): Promise<Record<string, number>> {
  const { signalKnownWorkflows, sweepRunningWorkflows, endFanOut } = fanOutActivities();
  // What was not reached by its id may be found by the index.
  let inForce = await signalKnownWorkflows(input).catch(rethrowCancellation);
  let sweep = { inForce, open: 0, openIds: [] as readonly string[] };
  let waitMs = firstWaitMs;
  for (let sweeps = 0, empty = 0; inForce && empty < 2 && sweeps < sweepsMax; sweeps += 1) {
    const seen = await sweepRunningWorkflows(input);
    inForce = seen.inForce;
    // Once the throw is over nobody looks any more: what was seen last stands.
    if (inForce) sweep = seen;
    empty = sweep.open === 0 ? empty + 1 : 0;
    setCurrentDetails(`After ${sweeps + 1} sweeps ${sweep.open} workflows are still running.`);
    if (!inForce || empty === 2) break;
    await sleep(waitMs, { summary: 'Until the next sweep' });
    waitMs = Math.min(waitMs * 1.5, longestWaitMs);
  }
  return endFanOut({ ...input, status: inForce ? 'completed' : 'superseded', sweep });
}

function rethrowCancellation(error: unknown): true {
  if (isCancellation(error)) throw error;
  return true;
}

function fanOutActivities() {
  const named = (summary: string, maximumAttempts?: number) =>
    proxyActivities<Activities>({
      taskQueue: taskQueuesOf(workflowInfo().taskQueue).main,
      summary,
      startToCloseTimeout: '10 minutes',
      heartbeatTimeout: '30 seconds',
      retry: {
        initialInterval: '200 milliseconds',
        maximumInterval: '10 seconds',
        ...(maximumAttempts !== undefined && { maximumAttempts }),
      },
    });
  return {
    signalKnownWorkflows: named('Sends the kill to what the rows say is at work', 5).signalKnownWorkflows,
    sweepRunningWorkflows: named('Sends the kill to what the index still shows').sweepRunningWorkflows,
    endFanOut: named('Records how far the kill was carried').endFanOut,
  };
}
