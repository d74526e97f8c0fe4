import type { EvidenceView } from '../../contracts/api/retrieval';
import type { RetrievalEvidence } from '../../prisma/generated/client';
import { isoOrNull } from './time';

export function toEvidenceView(row: RetrievalEvidence): EvidenceView {
  return {
    evidence_id: row.id,
    run_id: row.runId,
    plane_id: row.planeId,
    connector_id: row.connectorId,
    connector_type: row.connectorType,
    action: row.action,
    actor_id: row.actorId,
    request_id: row.requestId,
    query_hash: row.queryHash,
    response_hash: row.responseHash,
    doc_ids: row.docIds as string[],
    token_count: row.tokenCount,
    bytes_retrieved: Number(row.bytesRetrieved),
    decision: row.decision as EvidenceView['decision'],
    deny_reason: row.denyReason,
    policy_applied: row.policyApplied,
    policy_snapshot_id: row.policySnapshotId,
    redaction_applied: row.redactionApplied,
    duration_ms: row.durationMs,
    integrity_hash: row.integrityHash,
    requested_at: row.requestedAt.toISOString(),
    completed_at: isoOrNull(row.completedAt),
    created_at: row.createdAt.toISOString(),
  };
}
