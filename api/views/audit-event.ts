import type { AuditEventView } from '../../contracts/api/audit';
import type { AuditRow } from '../../prisma/reads/audit';

export function toAuditEventView(row: AuditRow): AuditEventView {
  return {
    event_id: row.eventId,
    event_type: row.eventType,
    category: row.eventCategory,
    severity: row.severity,
    outcome: row.outcome,
    action: row.action,
    actor_id: row.actorId,
    actor_type: row.actorType,
    request_id: row.requestId,
    trace_id: row.traceId,
    run_id: row.runId,
    step_index: row.stepIndex,
    plane_id: row.planeId,
    job_id: row.jobId,
    resource_type: row.resourceType,
    resource_id: row.resourceId,
    policy_id: row.policyId,
    policy_snapshot_id: row.policySnapshotId,
    error_code: row.errorCode,
    error_message: row.errorMessage,
    occurred_at: row.occurredAt.toISOString(),
    recorded_at: row.recordedAt.toISOString(),
    integrity_hash: row.integrityHash,
  };
}

/** With the hashed bytes, for those who may check them. */
export function toAuditPayloadView(row: AuditRow): AuditEventView {
  const bytes = row.payloadBytes ?? null;
  return { ...toAuditEventView(row), payload_bytes: bytes === null ? null : Buffer.from(bytes).toString('base64') };
}
