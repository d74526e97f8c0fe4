import { z } from 'zod';
import { JobId, PlaneId } from '../../contracts/knowledge-schemas';
import { defineOperation } from '../define';
import { lockRunningJob } from './rows';
import { saveStageProgress } from './stage-progress';

const counts = z.record(z.string(), z.int());

/** Records that every source of the plane answered. */
export const finishVerify = defineOperation({
  name: 'knowledge.verify.finish',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId, jobId: JobId, counts }),
  fence: 'fenced',
  capability: 'lifecycle.verify',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,
  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),
  async handle(work, { params: { planeId, jobId, counts } }) {
    const message = `${counts.sources ?? 0} sources answered`;
    await saveStageProgress(work, { planeId, jobId, stage: 'verify', status: 'completed', percentage: 100, message });
    work.audit({ type: 'StageProgressed', outcome: 'success', planeId, jobId, evidence: { stage: 'verify', counts } });
    return {};
  },
});
