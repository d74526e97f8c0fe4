import type { CallRecordView } from '../../contracts/api/tool-invocations';
import type { CallOutcome, CallState } from '../../contracts/tool-calls';
import type { KeptDecision } from '../../operations/tools/calls/call-rows';
import type { McpToolInvocation } from '../../prisma/generated/client';
import type { CallRecord } from '../../prisma/reads/tool-calls';
import { toApprovalView } from './approval';
import { toEffectView } from './effect';
import { toEvidenceRow } from './invocation';
import { isoOrNull } from './time';

type Call = NonNullable<CallRecord['call']>;

export function toCallRecordView({
  serverName,
  call,
  approval,
  effect,
  earlier,
  evidence,
}: CallRecord): CallRecordView {
  const [first] = evidence;
  return {
    server_name: serverName,
    ...(call === undefined ? ofDenial(first) : ofCall(call)),
    approval: approval === undefined ? null : toApprovalView(approval),
    effect: effect === undefined ? null : toEffectView(effect),
    earlier_effects: earlier.map(toEffectView),
    evidence: evidence.map(toEvidenceRow),
  };
}

type Standing = Omit<CallRecordView, 'server_name' | 'approval' | 'effect' | 'earlier_effects' | 'evidence'>;

function ofCall(call: Call): Standing {
  return {
    invocation_id: call.invocationId,
    server_id: call.serverId,
    tool_id: call.toolId,
    tool_name: call.toolName,
    state: call.state as CallState,
    outcome: call.outcome as CallOutcome | null,
    error_code: call.reason,
    error_message: call.message,
    actor_id: call.actorId,
    actor_type: call.actorType,
    run_id: call.runId,
    input_hash: call.inputHash,
    input_preview: call.inputPreview,
    definition_hash: call.definitionHash,
    requested_at: call.requestedAt.toISOString(),
    settled_at: isoOrNull(call.settledAt),
    decision: toDecision(call),
  };
}

/** What was denied when it was asked for left no call behind, only evidence. */
function ofDenial(row: McpToolInvocation | undefined): Standing {
  if (row === undefined) throw new Error('a call without a row has evidence');
  return {
    invocation_id: row.invocationId,
    server_id: row.serverId,
    tool_id: row.toolId,
    tool_name: row.toolName,
    state: 'settled',
    outcome: row.outcome as CallOutcome,
    error_code: row.errorCode,
    error_message: row.errorMessage,
    actor_id: row.actorId,
    actor_type: row.actorType,
    run_id: row.runId,
    input_hash: row.inputHash,
    input_preview: row.inputPreview,
    definition_hash: row.definitionHash,
    requested_at: row.invokedAt.toISOString(),
    settled_at: isoOrNull(row.completedAt),
    decision: null,
  };
}

function toDecision({ decision: json, policySnapshotId }: Call): CallRecordView['decision'] {
  const kept = json as unknown as KeptDecision & { readonly snapshot_at_start?: string | null };
  return {
    decision: kept.decision,
    message: kept.message,
    policy_id: kept.policyId ?? null,
    warnings: kept.warnings.map(toNote),
    shadow: kept.shadow.map(toNote),
    policy_snapshot_id: policySnapshotId,
    policy_snapshot_at_start: kept.snapshot_at_start ?? null,
  };
}

function toNote({ policyId, effect, failure }: KeptDecision['warnings'][number]) {
  return { policy_id: policyId, effect, failure: failure ?? null };
}
