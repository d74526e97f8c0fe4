import type { CallView } from '../../contracts/api/tool-calls';
import type { CallOutcome, CallState } from '../../contracts/tool-calls';
import type { KeptDecision } from '../../operations/tools/calls/call-rows';
import type { CallResultRow } from '../../operations/tools/calls/read-result';

const decisions = { allow: 'allowed', deny: 'blocked', require_approval: 'pending' } as const;

export function toCallView(row: CallResultRow, output: unknown): CallView {
  const decision = row.decision as KeptDecision;
  const state = row.state as CallState;
  return {
    invocation_id: row.invocation_id,
    server_id: row.server_id,
    tool_id: row.tool_id,
    tool_name: row.tool_name,
    status: statusOf(state, row.outcome as CallOutcome | null),
    state,
    output: output as CallView['output'],
    error_code: row.reason,
    error_message: row.message,
    duration_ms: row.duration_ms,
    policy_decision: (row.policy_decision as CallView['policy_decision'] | null) ?? decisions[decision.decision],
    policy_id: decision.policyId ?? null,
    policy_snapshot_id: row.policy_snapshot_id,
    approval_id: row.approval_id,
    approval_expires_at: row.expires_at?.toISOString() ?? null,
    requested_at: row.requested_at.toISOString(),
    settled_at: row.settled_at?.toISOString() ?? null,
  };
}

function statusOf(state: CallState, outcome: CallOutcome | null): CallView['status'] {
  if (outcome !== null) return outcome;
  return state === 'pending' ? 'pending' : 'running';
}
