import { sql } from 'kysely';
import { z } from 'zod';
import { rulesVersion } from '../../contracts/classification';
import { refusal } from '../../contracts/errors';
import { reclassifyStates } from '../../contracts/knowledge';
import { PlaneId } from '../../contracts/knowledge-schemas';
import { defineOperation } from '../define';
import { lockPlane, stateOf } from './rows';
import { startJob } from './start-job';

/**
 * Begins a job that looks at the plane's documents again: at those that older rules looked at, or at all of them.
 * Until it has, the last classification holds.
 */
export const reclassifyPlane = defineOperation({
  name: 'knowledge.planes.reclassify',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId, documents: z.enum(['all', 'outdated']) }),
  fence: 'fenced',
  begins: 'work',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],

  loadFacts: (work, { planeId }) => lockPlane(work, planeId),

  async handle(work, { params: { planeId, documents }, facts: plane }) {
    const state = stateOf(plane);
    if (!reclassifyStates.includes(state)) {
      throw refusal('INVALID_STATE', `a plane is classified again in ${reclassifyStates.join(', ')}; it is ${state}`, {
        details: { state },
      });
    }
    if (documents === 'outdated' && (plane.rules_version ?? 0) >= rulesVersion) {
      throw refusal('INVALID_STATE', 'the plane is classified by the rules of today');
    }
    if (documents === 'all') {
      await sql`update knowledge_documents set rules_version = null
        where plane_id = ${planeId} and indexed_version is not null`.execute(work.tx);
    }
    const jobId = await startJob(work, { plane, kind: 'reclassify_documents' });
    const auditEventId = work.audit({
      type: 'ReclassificationRequested',
      outcome: 'pending',
      planeId,
      jobId,
      resource: { type: 'plane', id: planeId },
      evidence: {
        job_id: jobId,
        all: documents === 'all',
        from_version: plane.rules_version,
        to_version: rulesVersion,
      },
    });
    return { planeId, jobId, auditEventId };
  },
});
