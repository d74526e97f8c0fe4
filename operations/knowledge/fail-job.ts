import { z } from 'zod';
import { parseContext } from '../../contracts/execution-context';
import { failureTarget, type JobKind } from '../../contracts/knowledge';
import { JobId, PlaneId } from '../../contracts/knowledge-schemas';
import { defineOperation, type Bound, type Work } from '../define';
import { applyTransition } from './apply-transition';
import { endJob } from './end-job';
import { lockJob, lockPlane, stateOf, type JobRow, type PlaneRow } from './rows';

const EndedJobParams = z.strictObject({
  planeId: PlaneId,
  jobId: JobId,
  code: z.string().max(64),
  message: z.string().max(2000),
});

/** Records the permanent failure of a job: rollback edge where there is one, else FAILED; an ACTIVE plane stays so. */
export const failJob = defineOperation({
  name: 'knowledge.jobs.fail',
  permission: 'system:execute',
  params: EndedJobParams,
  fence: 'fenced',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],

  async loadFacts(work, { planeId, jobId }) {
    const plane = await lockPlane(work, planeId);
    return { plane, job: await lockJob(work, planeId, jobId) };
  },

  async handle(work, { params: { planeId, jobId, code, message }, facts: { plane, job } }) {
    const state = stateOf(plane);
    const isOpen = job.status === 'queued' || job.status === 'running';
    work.audit({
      type: 'LIFECYCLE_JOB_FAILED',
      outcome: isOpen ? 'failure' : 'skipped',
      planeId,
      jobId,
      evidence: { job_kind: job.kind, state, message, counts: {} },
      error: { code, message },
    });
    if (!isOpen) return { state, ended: false };

    await endJob(work, { plane, jobId, status: 'failed', errorCode: code, message });
    const to = failureTarget(state, job.kind as JobKind);
    if (to !== state) {
      const action = job.kind satisfies string as JobKind;
      await applyTransition(work, { plane, to, action, reason: message, jobId, rollback: to !== 'FAILED' });
    } else {
      await work.tx
        .updateTable('knowledge_planes')
        .set({ next_action: 'retry_knowledge_plane', status_reason: message, updated_at: new Date() })
        .where('plane_id', '=', planeId)
        .execute();
    }
    return { state: to, ended: true };
  },
});

/** Records that a switch or a signal stopped the job. The state stays; what is left to do is a retry. */
export const recordKilledJob = defineOperation({
  name: 'knowledge.jobs.record_kill',
  permission: 'system:execute',
  params: EndedJobParams,
  fence: 'recording-a-kill',

  async loadFacts(work, { planeId, jobId }) {
    const plane = await lockPlane(work, planeId);
    const job = await lockJob(work, planeId, jobId);
    return { plane, job, isNewer: job.status === 'queued' && (await isNewerThanKill(work, job)) };
  },

  async handle(work, { params: { planeId, jobId, code, message }, facts: { plane, job, isNewer } }) {
    const isOpen = !isNewer && (job.status === 'queued' || job.status === 'running');
    work.audit({
      type: 'job.killed_by_switch',
      outcome: isOpen ? 'killed' : 'skipped',
      planeId,
      jobId,
      evidence: { job_kind: job.kind, state: stateOf(plane), message, counts: {} },
      error: { code, message },
    });
    if (isNewer) handOver(work, plane, job);
    if (!isOpen) return { ended: false };
    await endJob(work, { plane, jobId, status: 'killed', errorCode: code, message });
    await work.tx
      .updateTable('knowledge_planes')
      .set({ next_action: 'retry_knowledge_plane', status_reason: message, updated_at: new Date() })
      .where('plane_id', '=', planeId)
      .execute();
    return { ended: true };
  },
});

// Once the killed execution is closed, the same message starts the next one; the reconciler finds what this misses.
function handOver(work: Work, plane: PlaneRow, job: JobRow): void {
  const { plane_id: planeId, name: planeName } = plane;
  const requester = parseContext(job.requester);
  const payload = { planeId, planeName, jobId: job.job_id, jobKind: job.kind, requester };
  work.enqueue({ topic: 'plane.run_job', workflowId: job.workflow_id, payload }, { afterSeconds: 1 });
}

// Asked for after this execution was killed, so it was not meant.
async function isNewerThanKill({ tx, context }: Bound, job: JobRow): Promise<boolean> {
  const kill = await tx
    .selectFrom('runtime_switches')
    .select('created_at')
    .where('scope_type', '=', 'run')
    .where('scope_id', '=', context.runId)
    .where('kind', '=', 'kill')
    .executeTakeFirst();
  return kill !== undefined && kill.created_at < job.created_at;
}
