import { sql } from 'kysely';
import { refusal } from '../../contracts/errors';
import type { JobKind } from '../../contracts/knowledge';
import { planeWorkflowId } from '../../contracts/workflow-ids';
import type { Work } from '../define';
import { newId } from '../ids';
import type { PlaneRow } from './rows';

/** Leaves a job row and the message that lets the plane's workflow run it. The requester of the job is the actor. */
export async function startJob(
  work: Work,
  { plane, kind, attempt = 1 }: { plane: PlaneRow; kind: JobKind; attempt?: number },
): Promise<string> {
  if (plane.active_job_id !== null) {
    throw refusal('INVALID_STATE', 'a job is at work on this plane; wait until it ends', {
      details: { active_job_id: plane.active_job_id },
    });
  }
  const { context, tx } = work;
  const jobId = newId('job_', 8);
  const workflowId = planeWorkflowId(plane.tenant_id, plane.plane_id);
  const requester = { ...context, planeId: plane.plane_id };
  await tx
    .insertInto('knowledge_jobs')
    .values({
      job_id: jobId,
      plane_id: plane.plane_id,
      tenant_id: plane.tenant_id,
      kind,
      workflow_id: workflowId,
      requester: sql`${JSON.stringify(requester)}::jsonb`,
      attempt,
    })
    .execute();
  await tx
    .updateTable('knowledge_planes')
    .set({ active_job_id: jobId, next_action: null, updated_at: new Date() })
    .where('plane_id', '=', plane.plane_id)
    .execute();
  work.enqueue({
    topic: 'plane.run_job',
    workflowId,
    payload: { planeId: plane.plane_id, planeName: plane.name, jobId, jobKind: kind, requester },
  });
  return jobId;
}
