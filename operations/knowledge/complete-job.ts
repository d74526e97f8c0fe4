import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { planeActions, type JobKind, type PlaneState } from '../../contracts/knowledge';
import { JobId, PlaneId } from '../../contracts/knowledge-schemas';
import { defineOperation, type Work } from '../define';
import { requireFinishedWork } from './finished-work';
import { applyTransition } from './apply-transition';
import { boundActivePolicies } from './bindings';
import { endJob } from './end-job';
import { lockPlane, lockRunningJob, stateOf, type PlaneRow } from './rows';
import { startJob } from './start-job';

const completionTargets: Readonly<Record<JobKind, PlaneState | null>> = {
  verify_connectivity: 'VERIFIED',
  ingest_data: null,
  index_data: 'INDEXED',
  classify_data: 'CLASSIFIED',
  activate_plane: 'ACTIVE',
  sync_documents: null,
  reclassify_documents: null,
};

/** What a job's completion leads to when the plane onboards by itself. */
const nextSteps: Partial<Record<JobKind, { readonly action: keyof typeof planeActions; readonly kind?: JobKind }>> = {
  verify_connectivity: { action: 'ingest_knowledge_plane', kind: 'ingest_data' },
  ingest_data: { action: 'index_knowledge_plane', kind: 'index_data' },
  index_data: { action: 'classify_knowledge_plane', kind: 'classify_data' },
  classify_data: { action: 'request_activation' },
};

/** Enters the state that the job was for, and begins the next step of an onboarding plane in the same transaction. */
export const completeJob = defineOperation({
  name: 'knowledge.jobs.complete',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId, jobId: JobId, counts: z.record(z.string(), z.int()).default({}) }),
  fence: 'fenced',
  capability: 'job.default',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,

  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),

  async handle(work, { params: { planeId, jobId, counts }, facts: { plane, job } }) {
    const kind = job.kind as JobKind;
    await requireFinishedWork(work, { jobId, kind });
    if (kind === 'activate_plane') await requireBoundPolicy(work, planeId);
    await endJob(work, { plane, jobId, status: 'completed', result: counts });
    work.audit({
      type: 'LIFECYCLE_JOB_COMPLETED',
      outcome: 'success',
      planeId,
      jobId,
      evidence: { job_kind: kind, state: stateOf(plane), message: null, counts },
    });
    const target = completionTargets[kind];
    if (target !== null) {
      await applyTransition(work, { plane, to: target, action: 'job_complete', jobId, set: { active_job_id: null } });
    }
    if (plane.onboard) await takeNextStep(work, { planeId, kind });
    const state = target ?? stateOf(plane);
    if (state === 'ACTIVE') await syncLateChanges(work, planeId);
    return { state };
  },
});

// The policy may have been unbound, suspended or retired since activation was decided.
async function requireBoundPolicy(work: Work, planeId: string): Promise<void> {
  if ((await boundActivePolicies(work, planeId)).length > 0) return;
  throw refusal('POLICY_GATE_BLOCKED', 'no active policy is bound to this plane any more', {
    details: { gate_result: 'BLOCKED', required_action: 'bind_policy' },
  });
}

async function takeNextStep(work: Work, { planeId, kind }: { planeId: string; kind: JobKind }): Promise<void> {
  const next = nextSteps[kind];
  if (next === undefined) return;
  const plane = await lockPlane(work, planeId);
  const jobId = next.kind === undefined ? undefined : await startJob(work, { plane, kind: next.kind });
  const { to, entersOnCompletion } = { entersOnCompletion: false, ...planeActions[next.action] };
  if (to !== null && !entersOnCompletion) await applyTransition(work, { plane, to, action: next.action, jobId });
}

// What was added or removed while a job was at work waits in the rows; the next job takes it up.
async function syncLateChanges(work: Work, planeId: string): Promise<void> {
  const plane: PlaneRow = await lockPlane(work, planeId);
  const waiting = await work.tx
    .selectFrom('knowledge_documents')
    .select('document_id')
    .where('plane_id', '=', planeId)
    .where((eb) =>
      eb.or([
        eb('status', '=', 'pending'),
        eb.and([eb('status', '=', 'deleted'), eb('indexed_version', 'is not', null)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  if (waiting !== undefined) await startJob(work, { plane, kind: 'sync_documents' });
}
