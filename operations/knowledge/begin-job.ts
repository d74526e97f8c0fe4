import { sql } from 'kysely';
import { z } from 'zod';
import { jobCapabilities } from '../../contracts/capabilities';
import { refusal } from '../../contracts/errors';
import type { JobKind } from '../../contracts/knowledge';
import { JobId, PlaneId } from '../../contracts/knowledge-schemas';
import { epochsOf, type Scope } from '../../contracts/switches';
import { defineOperation } from '../define';
import { lockJob, lockPlane } from './rows';

/**
 * Marks a queued job as running and remembers the switch epochs of this moment. A repeated delivery of the same job
 * finds it running or ended and learns from the answer whether there is work to do.
 */
export const beginJob = defineOperation({
  name: 'knowledge.jobs.begin',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId, jobId: JobId }),
  fence: 'fenced',
  begins: 'step',
  // All that its stages will pass: what is remembered here is what counts as known when they do.
  scopes: ({ params }) => [
    { type: 'plane', id: params.planeId },
    ...jobCapabilities.map((id): Scope => ({ type: 'capability', id })),
  ],
  job: ({ jobId }) => jobId,

  async loadFacts(work, { planeId, jobId }) {
    const plane = await lockPlane(work, planeId);
    return { plane, job: await lockJob(work, planeId, jobId) };
  },

  async handle(work, { params: { planeId, jobId }, facts: { plane, job } }) {
    const kind = job.kind as JobKind;
    const isWanted = plane.active_job_id === jobId && (job.status === 'queued' || job.status === 'running');
    if (!isWanted) throw refusal('INVALID_STATE', `the job is ${job.status} and has no work left`);
    if (job.status === 'queued') {
      const seen = epochsOf(work.switches);
      await work.tx
        .updateTable('knowledge_jobs')
        .set({
          status: 'running',
          started_at: new Date(),
          updated_at: new Date(),
          seen_epochs: sql`${JSON.stringify(seen)}::jsonb`,
        })
        .where('job_id', '=', jobId)
        .execute();
    }
    work.audit({
      type: 'LIFECYCLE_JOB_STARTED',
      outcome: 'pending',
      planeId,
      jobId,
      evidence: { job_kind: kind, state: plane.status.toUpperCase(), message: null, counts: { attempt: job.attempt } },
    });
    return { kind };
  },
});
