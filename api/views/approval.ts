import type { ApprovalView } from '../../contracts/api/approvals';
import type { ApprovalDecision, ApprovalEnd, CallOutcome, CallState } from '../../contracts/tool-calls';
import type { RiskLevel } from '../../contracts/tools';
import type { ApprovalRow } from '../../prisma/reads/approvals';
import { isoOrNull } from './time';

export function toApprovalView(row: ApprovalRow): ApprovalView {
  return {
    approval_id: row.approval_id,
    invocation_id: row.invocation_id,
    server_id: row.server_id,
    server_name: row.server_name,
    tool_id: row.tool_id,
    tool_name: row.tool_name,
    risk_level: row.risk_level as RiskLevel,
    status: row.decision === null ? 'pending' : 'decided',
    decision: row.decision as ApprovalEnd | null,
    reason: row.reason,
    input_preview: row.input_preview,
    input_hash: row.input_hash,
    definition_hash: row.definition_hash,
    policy_snapshot_id: row.policy_snapshot_id,
    requested_by: row.requested_by,
    requested_at: row.requested_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    approvers_needed: row.approvers_needed,
    votes: row.votes.map(({ decidedBy, decision, reason, decidedAt }) => ({
      decided_by: decidedBy,
      decision: decision as ApprovalDecision,
      reason,
      decided_at: decidedAt.toISOString(),
    })),
    decided_at: isoOrNull(row.decided_at),
    used_at: isoOrNull(row.used_at),
    call_state: row.call_state as CallState,
    call_outcome: row.call_outcome as CallOutcome | null,
  };
}
