import { sql } from 'kysely';
import type { AuditEntry } from '../../contracts/audit';
import type { Bound } from '../define';
import { digestOf } from '../transaction/canonical';

export interface RetrievalRecord {
  readonly evidenceId: string;
  readonly planeId: string;
  readonly action: string;
  readonly queryHash: string;
  readonly decision: 'allowed' | 'denied';
  readonly denyReason?: string;
  readonly requestedAt: string;
  readonly runId: string;
  readonly connectorId?: string;
  readonly connectorType?: string;
  readonly responseHash?: string;
  readonly documentIds?: readonly string[];
  readonly tokenCount?: number;
  readonly bytes?: number;
  readonly policyApplied?: string | undefined;
  readonly policySnapshotId?: string | undefined;
  readonly redactionApplied?: boolean;
}

/** Writes the evidence row of a retrieval and returns the audit entry that seals its hash. */
export async function insertEvidence({ tx, context }: Bound, record: RetrievalRecord): Promise<AuditEntry> {
  const completedAt = new Date().toISOString();
  const documentIds = [...(record.documentIds ?? [])];
  const row = {
    id: record.evidenceId,
    tenant_id: context.tenantId,
    run_id: record.runId,
    plane_id: record.planeId,
    connector_id: record.connectorId ?? null,
    connector_type: record.connectorType ?? null,
    action: record.action,
    actor_id: context.actor.id,
    request_id: context.requestId,
    query_hash: record.queryHash,
    response_hash: record.responseHash ?? null,
    token_count: record.tokenCount ?? 0,
    bytes_retrieved: String(record.bytes ?? 0),
    decision: record.decision,
    deny_reason: record.denyReason ?? null,
    policy_applied: record.policyApplied ?? null,
    policy_snapshot_id: record.policySnapshotId ?? null,
    redaction_applied: record.redactionApplied ?? false,
    duration_ms: Math.max(0, Date.parse(completedAt) - Date.parse(record.requestedAt)),
    requested_at: record.requestedAt,
    completed_at: completedAt,
  };
  const rowHash = digestOf({ ...row, doc_ids: documentIds });
  await tx
    .insertInto('retrieval_evidence')
    .values({ ...row, doc_ids: sql`${JSON.stringify(documentIds)}::jsonb`, integrity_hash: rowHash })
    .execute();
  return {
    type: record.decision === 'allowed' ? 'RetrievalAllowed' : 'RetrievalDenied',
    outcome: record.decision === 'allowed' ? 'success' : 'blocked',
    planeId: record.planeId,
    resource: { type: 'retrieval', id: record.evidenceId },
    policyId: record.policyApplied,
    policySnapshotId: record.policySnapshotId,
    evidence: {
      evidence_id: record.evidenceId,
      action: record.action,
      query_hash: record.queryHash,
      decision: record.decision,
      deny_reason: record.denyReason ?? null,
      document_ids: documentIds,
      token_count: record.tokenCount ?? 0,
      redaction_applied: record.redactionApplied ?? false,
      row_hash: rowHash,
    },
  };
}
