import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { ExecutionContext } from '../contracts/execution-context';
import { stageCapability } from '../contracts/capabilities';
import { jobStages, stageNames, type JobKind, type StageName } from '../contracts/knowledge';
import {
  runJobSignalName,
  searchAttributes,
  type PlaneWorkflowInput,
  type RunJobInput,
} from '../contracts/workflow-messages';
import { isKill, readFailure, recordedCode, type EndedWork } from './governance/ended-work';
import { currentContext, runAs, runAsSystem } from './interceptors/context';
import { isKilled } from './interceptors/kill-switch';
import { inSpan } from './interceptors/tracing';
import { knowledgeActivities, type KnowledgeActivities } from './knowledge-activities';
import { createPauseGate, type PauseGate } from './pause-gate';

interface PendingJob extends RunJobInput {
  readonly requester: ExecutionContext;
}

export interface PlaneStatus {
  readonly planeId: string;
  readonly stage: string;
  readonly waiting: readonly string[];
}

export const runJobSignal = defineSignal<[RunJobInput]>(runJobSignalName);
export const getPlaneQuery = defineQuery<PlaneStatus>('getPlane');

const historyEventsMaxDefault = 3_500;
const capabilityAttribute = defineSearchAttributeKey(searchAttributes.capability, SearchAttributeType.KEYWORD);
const stageAttribute = defineSearchAttributeKey(searchAttributes.stage, SearchAttributeType.KEYWORD);

/** One plane for as long as it lives: runs the jobs it is asked for, one after the other, each as its requester. */
export async function knowledgePlane(input: PlaneWorkflowInput, handedOn: readonly PendingJob[] = []): Promise<void> {
  const { planeId, historyEventsMax = historyEventsMaxDefault } = input;
  const activities = knowledgeActivities();
  const gate = createPauseGate(activities);
  const pending: PendingJob[] = [...handedOn];
  const seen = new Set(handedOn.map(({ jobId }) => jobId));
  let stage = 'waiting';

  setHandler(getPlaneQuery, () => ({ planeId, stage, waiting: pending.map(({ jobId }) => jobId) }));
  setHandler(runJobSignal, ({ jobId, jobKind }) => {
    if (seen.has(jobId)) return;
    seen.add(jobId);
    pending.push({ jobId, jobKind, requester: currentContext() });
  });

  try {
    for (;;) {
      await condition(() => pending.length > 0 || isHistoryLong());
      const [job] = pending;
      if (job !== undefined) {
        const run = { planeId, jobId: job.jobId, gate, enter };
        const outcome = await runAs(job.requester, () =>
          inSpan(`job ${job.jobKind}`, job.jobId, () => runJob(activities, run)),
        );
        pending.shift();
        if (pending.length === 0) enter('waiting', `${outcome} No job is at work.`);
      }
      if (isHistoryLong()) break;
    }
    await condition(allHandlersFinished);
    await continueAsNew<typeof knowledgePlane>(input, pending);
  } finally {
    if (isKilled()) await recordKilledJobs(activities, planeId, pending);
  }

  function enter(next: string, details: string): void {
    stage = next;
    upsertSearchAttributes([
      { key: stageAttribute, value: next },
      { key: capabilityAttribute, value: isStage(next) ? stageCapability(next) : 'job.default' },
    ]);
    setCurrentDetails(details);
  }

  function isHistoryLong(): boolean {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    return continueAsNewSuggested || historyLength > historyEventsMax;
  }
}

interface JobRun {
  readonly planeId: string;
  readonly jobId: string;
  readonly gate: PauseGate;
  enter(stage: string, details: string): void;
}

/** Returns a sentence for the operator on how the job came out. */
async function runJob(activities: KnowledgeActivities, run: JobRun): Promise<string> {
  const { planeId, jobId, gate } = run;
  const job = { planeId, jobId };
  try {
    const { kind } = await gate.pass(run, () => activities.steps.beginJob(job));
    const counts = await runStages(activities, kind, run);
    const { state } = await activities.steps.completeJob({ ...job, counts });
    return `The plane is ${state}.`;
  } catch (error) {
    // The kill signal has its own record; a job that is no longer wanted was ended by whoever ended it.
    if (isKilled()) throw error;
    const ended = readFailure(error);
    await CancellationScope.nonCancellable(() => runAsSystem(() => recordEnd(activities, job, ended)));
    return `Job ${jobId} ended with ${ended.code}: ${ended.message}.`;
  }
}

async function runStages({ stages }: KnowledgeActivities, kind: JobKind, run: JobRun): Promise<Record<string, number>> {
  const { planeId, jobId, gate, enter } = run;
  const counts: Record<string, number> = {};
  for (const stage of jobStages[kind] as readonly StageName[]) {
    const work = () => {
      enter(stage, `Job ${jobId} (${kind}) is in stage ${stage}.`);
      return stages[stage]({ planeId, jobId });
    };
    Object.assign(counts, await gate.pass(run, work));
  }
  return counts;
}

async function recordEnd(
  { records }: KnowledgeActivities,
  job: { planeId: string; jobId: string },
  ended: EndedWork,
): Promise<void> {
  const { code, message } = ended;
  log.info('job ended without completing', { ...job, code });
  if (isKill(ended)) return records.recordKilledJob({ ...job, code, message });
  try {
    await records.failJob({ ...job, code: recordedCode(ended), message });
  } catch (error) {
    const refused = readFailure(error);
    if (!isKill(refused)) throw error;
    await records.recordKilledJob({ ...job, code: refused.code, message: refused.message });
  }
}

// The fence already refuses this execution; what is left is to say so in the rows, for every job it had taken on.
async function recordKilledJobs(
  { records }: KnowledgeActivities,
  planeId: string,
  pending: readonly PendingJob[],
): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    for (const { jobId, requester } of pending) {
      await runAs(requester, () =>
        runAsSystem(() =>
          records.recordKilledJob({ planeId, jobId, code: 'action_blocked', message: 'stopped by the kill signal' }),
        ),
      );
    }
  });
}

function isStage(stage: string): stage is StageName {
  return (stageNames as readonly string[]).includes(stage);
}
