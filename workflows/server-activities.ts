import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { taskQueuesOf } from '../contracts/workflow-messages';

const retry = { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' } as const;

/** The activities of a tool server by how they may fail. A server that does not answer is none of these failures. */
export function serverActivities() {
  const taskQueue = taskQueuesOf(workflowInfo().taskQueue).main;

  const { discoverServer } = proxyActivities<Activities>({
    taskQueue,
    summary: 'Asks the server what it offers, and holds it to what was pinned',
    startToCloseTimeout: '5 minutes',
    heartbeatTimeout: '10 seconds',
    retry: { ...retry, maximumAttempts: 20 },
  });

  const { checkServer } = proxyActivities<Activities>({
    taskQueue,
    summary: 'Asks whether the server answers',
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '10 seconds',
    retry,
  });

  const { recordStoppedDiscovery } = proxyActivities<Activities>({
    taskQueue,
    summary: 'Records that the discovery was stopped',
    startToCloseTimeout: '15 seconds',
    retry,
  });

  return { discoverServer, checkServer, recordStoppedDiscovery };
}

export type ServerActivities = ReturnType<typeof serverActivities>;
