import type { EvidenceRow, InvocationView } from '../../contracts/api/tool-invocations';
import type { CallOutcome } from '../../contracts/tool-calls';
import type { McpToolInvocation } from '../../prisma/generated/client';
import type { ResolvedInvocation } from '../../prisma/reads/tool-calls';
import { isoOrNull } from './time';

export function toInvocationView({ invocation: row, resolution }: ResolvedInvocation): InvocationView {
  return {
    invocation_id: row.invocationId,
    server_id: row.serverId,
    tool_id: row.toolId,
    tool_name: row.toolName,
    outcome: row.outcome as CallOutcome,
    policy_decision: row.policyDecision as InvocationView['policy_decision'],
    policy_id: row.policyId,
    policy_snapshot_id: row.policySnapshotId,
    policy_reason: row.policyReason,
    error_code: row.errorCode,
    error_message: row.errorMessage,
    actor_id: row.actorId,
    actor_type: row.actorType,
    run_id: row.runId,
    trace_id: row.traceId,
    input_hash: row.inputHash,
    output_hash: row.outputHash,
    definition_hash: row.definitionHash,
    integrity_hash: row.integrityHash,
    duration_ms: row.durationMs,
    invoked_at: row.invokedAt.toISOString(),
    completed_at: isoOrNull(row.completedAt),
    resolution: resolution === undefined ? null : toResolution(resolution),
  };
}

function toResolution(row: McpToolInvocation): InvocationView['resolution'] {
  return {
    outcome: row.outcome as CallOutcome,
    resolved_by: row.resolvedBy ?? '',
    reason: row.errorMessage,
    resolved_at: row.recordedAt.toISOString(),
  };
}

export function toEvidenceRow(row: McpToolInvocation): EvidenceRow {
  return {
    outcome: row.outcome as CallOutcome,
    first: row.first,
    resolved_by: row.resolvedBy,
    policy_decision: row.policyDecision as EvidenceRow['policy_decision'],
    policy_reason: row.policyReason,
    error_code: row.errorCode,
    error_message: row.errorMessage,
    output_hash: row.outputHash,
    duration_ms: row.durationMs,
    integrity_hash: row.integrityHash,
    recorded_at: row.recordedAt.toISOString(),
  };
}
