import type { Selectable } from 'kysely';
import { refusal } from '../../contracts/errors';
import type { PlaneState } from '../../contracts/knowledge';
import type { KnowledgeJob, KnowledgePlane } from '../../prisma/generated/database';
import type { Bound } from '../define';

export type PlaneRow = Selectable<KnowledgePlane>;
export type JobRow = Selectable<KnowledgeJob>;

export function stateOf(plane: PlaneRow): PlaneState {
  return plane.status.toUpperCase() as PlaneState;
}

/** Locks the plane until the transaction ends. Everything that changes a plane takes this lock first. */
export async function lockPlane({ tx }: Bound, planeId: string): Promise<PlaneRow> {
  const plane = await tx
    .selectFrom('knowledge_planes')
    .selectAll()
    .where('plane_id', '=', planeId)
    .forUpdate()
    .executeTakeFirst();
  if (plane === undefined) throw planeNotFound();
  return plane;
}

export function planeNotFound() {
  return refusal('PLANE_NOT_FOUND', 'there is no such plane; list yours with GET /planes');
}

export interface OpenJob {
  readonly plane: PlaneRow;
  readonly job: JobRow;
}

/** Locks plane and job, and refuses unless the job is the one at work on the plane. */
export async function lockRunningJob(bound: Bound, planeId: string, jobId: string): Promise<OpenJob> {
  const plane = await lockPlane(bound, planeId);
  const job = await lockJob(bound, planeId, jobId);
  if (job.status !== 'running' || plane.active_job_id !== jobId) {
    throw refusal('INVALID_STATE', `the job is ${job.status}: its work is no longer wanted`);
  }
  return { plane, job };
}

export async function lockJob({ tx }: Bound, planeId: string, jobId: string): Promise<JobRow> {
  const job = await tx
    .selectFrom('knowledge_jobs')
    .selectAll()
    .where('job_id', '=', jobId)
    .where('plane_id', '=', planeId)
    .forUpdate()
    .executeTakeFirst();
  if (job === undefined) throw refusal('NOT_FOUND', 'there is no such job on this plane');
  return job;
}
