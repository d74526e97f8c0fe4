import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { sensitivityLevels } from '../../contracts/knowledge';
import { DocumentId, PlaneId, Sha256 } from '../../contracts/knowledge-schemas';
import { retrievalActions } from '../../contracts/retrieval';
import { identifier } from '../../contracts/text';
import { defineOperation } from '../define';
import { isSettled } from '../transaction/effects';
import { insertEvidence } from './evidence';

const ReleaseParams = z.strictObject({
  evidenceId: z.uuid(),
  planeId: PlaneId,
  action: z.enum(retrievalActions),
  queryHash: Sha256,
  requestedAt: z.iso.datetime(),
  policySnapshotId: identifier,
  policyIds: z.array(identifier),
  /** By which access and redaction were decided. */
  sensitivityLevel: z.enum(sensitivityLevels).nullable(),
  responseHash: Sha256,
  documentIds: z.array(DocumentId),
  tokenCount: z.int().min(0),
  bytes: z.int().min(0),
  redactionApplied: z.boolean(),
});

/** Commits the evidence of an answer. Data is released only after this, and only if it may still be. */
export const releaseRetrieval = defineOperation({
  name: 'retrieval.release',
  permission: 'query:planes',
  params: ReleaseParams,
  fence: 'fenced',
  capability: 'retrieval.query',
  answer: 'fresh',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],

  async loadFacts(work, { planeId }) {
    const row = await work.tx
      .selectFrom('knowledge_planes as p')
      .leftJoin('policy_snapshot_status as t', (join) =>
        join.onRef('t.tenant_id', '=', 'p.tenant_id').on('t.status', '=', 'active'),
      )
      .select(['p.status', 'p.sensitivity_level', 't.snapshot_id'])
      .where('p.plane_id', '=', planeId)
      .executeTakeFirst();
    return { status: row?.status, level: row?.sensitivity_level, snapshotId: row?.snapshot_id };
  },

  async handle(work, { params, facts }) {
    const { status, level, snapshotId } = facts;
    if (status !== 'active' || snapshotId !== params.policySnapshotId || level !== params.sensitivityLevel) {
      throw refusal('retrieval_blocked', 'plane or policies changed while the answer was prepared; ask again');
    }
    const { policyIds, sensitivityLevel: _level, ...record } = params;
    work.settle({ intentId: params.evidenceId, outcome: 'succeeded', first: true });
    work.audit(
      await insertEvidence(work, {
        ...record,
        decision: 'allowed',
        runId: work.context.runId,
        connectorId: params.planeId,
        connectorType: 'vector',
        policyApplied: policyIds[0],
      }),
    );
    return { evidenceId: params.evidenceId };
  },

  async refused(work, { params, error }) {
    const { evidenceId, planeId, action, queryHash, requestedAt, policySnapshotId } = params;
    const first = !(await isSettled(work, evidenceId));
    work.settle({ intentId: evidenceId, outcome: 'refused', first, reason: error.reason ?? error.code });
    const entry = await insertEvidence(work, {
      evidenceId,
      planeId,
      action,
      queryHash,
      requestedAt,
      policySnapshotId,
      decision: 'denied',
      denyReason: `${error.reason ?? error.code}: ${error.message}`,
      runId: work.context.runId,
    });
    return { entry, details: { evidence_id: evidenceId } };
  },
});

/** Records that a retrieval ended without an answer: nothing was released. */
export const failRetrieval = defineOperation({
  name: 'retrieval.fail',
  permission: 'query:planes',
  params: z.strictObject({ evidenceId: z.uuid(), planeId: PlaneId, reason: z.string().max(500) }),
  fence: 'outcome-of-opened-intent',
  answer: 'fresh',
  loadFacts: async (work, { evidenceId }) => ({ isSettled: await isSettled(work, evidenceId) }),
  async handle(work, { params: { evidenceId, planeId, reason }, facts }) {
    if (!facts.isSettled) work.settle({ intentId: evidenceId, outcome: 'failed', first: true, reason });
    work.audit({
      type: 'RetrievalFailed',
      outcome: 'failure',
      planeId,
      resource: { type: 'retrieval', id: evidenceId },
      evidence: { evidence_id: evidenceId, reason },
    });
    return { evidenceId };
  },
});
