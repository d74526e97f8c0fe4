import { sql } from 'kysely';
import { z } from 'zod';
import { stageNames } from '../../contracts/knowledge';
import { JobId, PlaneId } from '../../contracts/knowledge-schemas';
import { stageCapability } from '../../contracts/capabilities';
import { defineOperation } from '../define';
import { lockRunningJob } from './rows';

/** The gate before each stage of a job: here a stop or a pause is obeyed, and nowhere inside the stage. */
export const beginStage = defineOperation({
  name: 'knowledge.jobs.begin_stage',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId, jobId: JobId, stage: z.enum(stageNames) }),
  fence: 'fenced',
  begins: 'step',
  scopes: ({ params }) => [
    { type: 'plane', id: params.planeId },
    { type: 'capability', id: 'job.default' },
    { type: 'capability', id: stageCapability(params.stage) },
  ],
  job: ({ jobId }) => jobId,
  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),

  async handle(work, { params: { planeId, jobId, stage } }) {
    // A stage that was done before its report was lost stays done; one that is tried again keeps how far it came.
    await sql`
      insert into plane_stage_progress (job_id, stage, plane_id, tenant_id, status)
      values (${jobId}, ${stage}, ${planeId}, ${work.context.tenantId}, 'running')
      on conflict (job_id, stage) do update set status = 'running', error = null, updated_at = now()
        where plane_stage_progress.status <> 'completed'`.execute(work.tx);
    work.audit({ type: 'StageProgressed', outcome: 'pending', planeId, jobId, evidence: { stage, counts: {} } });
    return {};
  },
});
