import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities';
import type { StageName } from '../contracts/knowledge';
import { taskQueuesOf } from '../contracts/workflow-messages';

/** The activities of a plane by how they may fail; called inside the workflow, whose own queue names the others. */
export function knowledgeActivities() {
  const queues = taskQueuesOf(workflowInfo().taskQueue);

  // Short steps that only touch the database: a refusal ends the job, a fault is tried again for some minutes.
  const step = (summary: string) =>
    proxyActivities<Activities>({
      taskQueue: queues.main,
      summary,
      startToCloseTimeout: '15 seconds',
      retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds', maximumAttempts: 20 },
    });

  const steps = {
    beginJob: step('Takes the job up, if it may still run').beginJob,
    completeJob: step('Records that the job is done, and moves the plane on').completeJob,
    beginScheduledRun: step('Asks for the job that reads the plane again').beginScheduledRun,
  } as const;

  // What must be written in the end, however long the database is away.
  const record = (summary: string) =>
    proxyActivities<Activities>({
      taskQueue: queues.main,
      summary,
      startToCloseTimeout: '15 seconds',
      retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' },
    });

  const records = {
    failJob: record('Records that the job failed').failJob,
    recordKilledJob: record('Records that the job was killed').recordKilledJob,
    openPause: record('Records that the job waits at a pause switch').openPause,
    warnPause: record('Records that the pause is nearly over its time').warnPause,
    expirePause: record('Records that the pause is over its time, and what follows').expirePause,
    closeScheduledRun: record('Looks whether the job has ended, and records it').closeScheduledRun,
    recordScheduledRun: record('Records how the turn of the schedule came out').recordScheduledRun,
  } as const;

  // Every stage goes on from its committed checkpoint when it is tried again.
  const longWork = (summary: string) =>
    proxyActivities<Activities>({
      taskQueue: queues.io,
      summary,
      startToCloseTimeout: '12 hours',
      heartbeatTimeout: '10 seconds',
      retry: { initialInterval: '1 second', maximumInterval: '1 minute', maximumAttempts: 10 },
    });

  const stages = {
    verify: longWork('Asks every source whether it can be read').verifySources,
    ingest: longWork('Stores every document and its text').ingestSources,
    index: longWork('Chunks, embeds and upserts what is stored').indexDocuments,
    classify: longWork('Looks for personal data and sets the level').classifyDocuments,
    activate: step('Opens the plane for questions').activatePlane,
  } as const satisfies Record<StageName, unknown>;

  return { steps, records, stages };
}

export type KnowledgeActivities = ReturnType<typeof knowledgeActivities>;
