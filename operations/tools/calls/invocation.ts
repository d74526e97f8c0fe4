import type { Work } from '../../define';
import { digestOf } from '../../transaction/canonical';
import type { CallOutcome } from '../../../contracts/tool-calls';

export interface InvocationRecord {
  readonly invocationId: string;
  /** Null where no tool was called: a read of the server. */
  readonly toolId: string | null;
  readonly serverId: string;
  readonly toolName: string;
  readonly inputHash: string;
  readonly inputPreview: string | null;
  readonly definitionHash: string | null;
  readonly actor: { readonly id: string; readonly type: string };
  readonly runId: string | null;
  readonly stepIndex?: number | undefined;
  readonly traceId: string;
  readonly policyId: string | null;
  readonly policySnapshotId: string | null;
  readonly policyDecision: 'allowed' | 'blocked' | 'flagged' | 'pending';
  readonly policyReason: string | null;
  readonly outcome: CallOutcome;
  /** Whoever said later what became of a call whose outcome nobody knew. */
  readonly resolvedBy?: string;
  readonly outputHash?: string | null;
  readonly errorCode?: string | null;
  readonly errorMessage?: string | null;
  readonly durationMs?: number | null;
  readonly invokedAt: Date;
}

/** Appends the evidence of how a call came out, and returns the hash by which its event seals the row. */
export function insertInvocation({ write, context }: Work, record: InvocationRecord): string {
  const row = {
    invocation_id: record.invocationId,
    tenant_id: context.tenantId,
    tool_id: record.toolId,
    server_id: record.serverId,
    run_id: record.runId,
    step_index: record.stepIndex ?? null,
    actor_id: record.actor.id,
    actor_type: record.actor.type,
    tool_name: record.toolName,
    input_hash: record.inputHash,
    input_preview: record.inputPreview,
    definition_hash: record.definitionHash,
    policy_id: record.policyId,
    policy_snapshot_id: record.policySnapshotId,
    policy_decision: record.policyDecision,
    policy_reason: record.policyReason?.slice(0, 1000) ?? null,
    outcome: record.outcome,
    first: record.resolvedBy === undefined,
    resolved_by: record.resolvedBy ?? null,
    output_hash: record.outputHash ?? null,
    error_code: record.errorCode ?? null,
    error_message: record.errorMessage?.slice(0, 1000) ?? null,
    duration_ms: record.durationMs ?? null,
    trace_id: record.traceId.slice(0, 64),
    invoked_at: record.invokedAt.toISOString(),
    completed_at: new Date().toISOString(),
  };
  const integrityHash = digestOf(row);
  write((query) => query.insertInto('mcp_tool_invocations').values({ ...row, integrity_hash: integrityHash }));
  return integrityHash;
}
