import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { StageName } from '../contracts/knowledge';
import { taskQueues } from '../contracts/workflow-messages';

/** Short steps that only touch the database: bounded, so that a refusal ends the job and a fault is tried again. */
export const steps = proxyActivities<Activities>({
  taskQueue: taskQueues.main,
  startToCloseTimeout: '15 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds', maximumAttempts: 20 },
});

/** What must be written in the end, however long the database is away. */
export const records = proxyActivities<Activities>({
  taskQueue: taskQueues.main,
  startToCloseTimeout: '15 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' },
});

const longWork = proxyActivities<Activities>({
  taskQueue: taskQueues.io,
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute', maximumAttempts: 10 },
});

/** Every stage goes on from its committed checkpoint when it is tried again. */
export const stages = {
  verify: longWork.verifySources,
  ingest: longWork.ingestSources,
  index: longWork.indexDocuments,
  classify: longWork.classifyDocuments,
  activate: steps.activatePlane,
} as const satisfies Record<StageName, unknown>;
