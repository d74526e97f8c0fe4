import { sql } from 'kysely';
import { z } from 'zod';
import { JobId, PlaneId } from '../../contracts/knowledge-schemas';
import { defineOperation, type Work } from '../define';
import { responseTokensMax } from '../../contracts/retrieval';
import { activeSnapshotId } from '../policies/snapshot';
import { digestOf } from '../transaction/canonical';
import { boundActivePolicies } from './bindings';
import { lockRunningJob, type PlaneRow } from './rows';
import { saveStageProgress } from './stage-progress';

/** Opens the plane's endpoint, which answers once the plane is ACTIVE, and records under which governance it opens. */
export const openEndpoint = defineOperation({
  name: 'knowledge.activate.open_endpoint',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId, jobId: JobId }),
  fence: 'fenced',
  capability: 'lifecycle.activate',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,
  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),

  async handle(work, { params: { planeId, jobId }, facts: { plane } }) {
    const endpoint = { path: `/knowledge/${planeId}/query`, tokens_max: responseTokensMax };
    await work.tx
      .updateTable('knowledge_planes')
      .set({ endpoint: sql`${JSON.stringify(endpoint)}::jsonb`, updated_at: new Date() })
      .where('plane_id', '=', planeId)
      .execute();
    await saveStageProgress(work, { planeId, jobId, stage: 'activate', status: 'completed', percentage: 100 });
    await recordGovernance(work, plane, jobId);
    return { endpoint };
  },
});

async function recordGovernance(work: Work, plane: PlaneRow, jobId: string): Promise<void> {
  const state = {
    plane_id: plane.plane_id,
    sensitivity_level: plane.sensitivity_level,
    policy_ids: await boundActivePolicies(work, plane.plane_id),
    policy_snapshot_id: (await activeSnapshotId(work)) ?? null,
  };
  const { plane_id: planeId, ...evidence } = state;
  work.audit({
    type: 'PlaneGoverned',
    outcome: 'success',
    planeId,
    jobId,
    evidence: { ...evidence, policy_ids: [...evidence.policy_ids], governance_hash: digestOf(state) },
  });
}
