import { sql } from 'kysely';
import { z } from 'zod';
import { refusal, type EngineError } from '../../contracts/errors';
import type { SensitivityLevel } from '../../contracts/knowledge';
import { PlaneId, Sha256 } from '../../contracts/knowledge-schemas';
import type { SealedPolicies } from '../../contracts/policies';
import { planeRate } from '../../contracts/rate-limits';
import { forbiddenPayloadMembers, retrievalActions } from '../../contracts/retrieval';
import { identifier } from '../../contracts/text';
import { defineOperation, type Bound, type Refused, type Work } from '../define';
import { planeNotFound } from '../knowledge/rows';
import { rateLimitRefusal } from '../limits/rate-limit-refusal';
import { decideAccess } from './access';
import { insertEvidence } from './evidence';

const deadlineMs = 60_000;

const BeginParams = z.strictObject({
  evidenceId: z.uuid(),
  planeId: PlaneId,
  action: z.enum(retrievalActions),
  queryHash: Sha256,
  requestedAt: z.iso.datetime(),
  /** Absent: the request is the run, and the tenant's active snapshot decides. */
  runId: identifier.optional(),
  /** Forbidden members found in the payload: an attempt to go round the mediator. */
  violations: z.array(z.enum(forbiddenPayloadMembers)),
  /** What the payload's schema found wrong; refused here, so that it leaves evidence like any denial. */
  malformed: z.strictObject({ field: z.string().max(256), message: z.string().max(500) }).optional(),
});
type BeginParams = z.infer<typeof BeginParams>;

/** Decides a retrieval and opens its intent. A denial leaves evidence too, in the transaction that refuses. */
export const beginRetrieval = defineOperation({
  name: 'retrieval.begin',
  permission: 'query:planes',
  params: BeginParams,
  fence: 'fenced',
  capability: 'retrieval.query',
  begins: 'work',
  answer: 'fresh',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],

  async loadFacts({ tx }: Bound, { planeId }) {
    const row = await tx
      .selectFrom('knowledge_planes as p')
      .leftJoin('policy_snapshot_status as t', (join) =>
        join.onRef('t.tenant_id', '=', 'p.tenant_id').on('t.status', '=', 'active'),
      )
      .leftJoin('policy_snapshots as s', 's.snapshot_id', 't.snapshot_id')
      .select(['p.status', 'p.sensitivity_level', 's.snapshot_id', 's.policies_json'])
      .select((eb) => [
        eb
          .selectFrom('knowledge_index_runs as r')
          .select((inner) => inner.fn.agg<string[] | null>('array_agg', ['r.index_run_id']).as('ids'))
          .where('r.plane_id', '=', planeId)
          .where('r.status', '<>', 'committed')
          .as('excluded'),
      ])
      .where('p.plane_id', '=', planeId)
      .executeTakeFirst();
    return { row };
  },

  async handle(work, { params, facts: { row } }) {
    const { evidenceId, planeId, violations, runId, malformed } = params;
    if (row === undefined) throw planeNotFound();
    if (violations.length > 0) {
      throw refusal('direct_access_refused', 'data is reached through the mediator only; leave these members out', {
        details: { fields: violations },
      });
    }
    if (malformed !== undefined) {
      throw refusal('validation_error', `${malformed.field}: ${malformed.message}`, {
        details: { field: malformed.field },
      });
    }
    if (runId !== undefined) throw refusal('NOT_FOUND', 'there is no such run', { details: { field: 'run_id' } });
    if (row.status !== 'active') {
      throw refusal('INVALID_STATE', `the plane is ${row.status.toUpperCase()}; only an ACTIVE plane answers`, {
        details: { state: row.status.toUpperCase() },
      });
    }
    if (row.policies_json === null || row.snapshot_id === null) {
      throw refusal('retrieval_blocked', 'the tenant has no policy snapshot; activate a policy first');
    }
    const decision = decideAccess(JSON.parse(row.policies_json) as SealedPolicies, {
      planeId,
      sensitivityLevel: row.sensitivity_level as SensitivityLevel | null,
    });
    if (!decision.allowed) {
      throw refusal('retrieval_blocked', decision.reason, { details: { policy_snapshot_id: row.snapshot_id } });
    }
    await takePlaneToken(work, planeId);
    work.intend({
      intentId: evidenceId,
      subject: `retrieval:${evidenceId}`,
      phase: 'release',
      deadline: new Date(Date.now() + deadlineMs),
    });
    return {
      policySnapshotId: row.snapshot_id,
      policyIds: decision.policyIds,
      redact: decision.redact,
      sensitivityLevel: row.sensitivity_level as SensitivityLevel | null,
      excludedRunIds: row.excluded ?? [],
    };
  },

  refused: (work, { params, error }) => recordDenial(work, params, error),
});

// Last, so that a question which is refused anyway uses nothing up.
async function takePlaneToken({ tx, context }: Bound, planeId: string): Promise<void> {
  const { rows } = await sql<{ requests: number; seconds: number; tokens: number; admitted: boolean }>`
    select * from aos_take_plane_token(${context.tenantId}, ${planeId}, ${planeRate.requests}, ${planeRate.seconds},
      null)`.execute(tx);
  const [state] = rows;
  if (state === undefined) throw new Error('the limit of the plane was not answered');
  if (!state.admitted) throw rateLimitRefusal([{ subject: 'plane', ...state }]);
}

async function recordDenial(work: Work, params: BeginParams, error: EngineError): Promise<Refused> {
  const { evidenceId, planeId, action, queryHash, requestedAt, runId } = params;
  const snapshotId = error.details?.policy_snapshot_id;
  const entry = await insertEvidence(work, {
    evidenceId,
    planeId,
    action,
    queryHash,
    requestedAt,
    decision: 'denied',
    denyReason: `${error.reason ?? error.code}: ${error.message}`,
    runId: runId ?? work.context.runId,
    policySnapshotId: typeof snapshotId === 'string' ? snapshotId : undefined,
  });
  return {
    entry: { ...entry, error: { code: error.code, message: error.message } },
    details: { evidence_id: evidenceId, query_hash: queryHash },
  };
}
