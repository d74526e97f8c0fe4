import { sql } from 'kysely';
import { callLimits, type ToolCallStep } from '../../../contracts/tool-calls';
import type { Work } from '../../define';
import { evidenceOf, stepOf, type CallRow, type KeptDecision } from './call-rows';
import { resolveEarlier } from './earlier-attempts';
import { insertInvocation, type InvocationRecord } from './invocation';
import type { CallEnd } from './settle-call';

/**
 * Writes the end of a call once: its row, its evidence, its intent's outcome and the counts of its tool. Answers how the
 * call stands then.
 */
export function recordOutcome(work: Work, call: CallRow, end: CallEnd, by: string): ToolCallStep {
  const isFirst = call.state !== 'settled';
  if (!isFirst && call.outcome !== 'unknown') {
    noteRepetition(work, call);
    return stepOf(call);
  }
  const { outcome, reason, message, durationMs, result } = end;
  const evidence = evidenceOf(call);
  const rowHash = insertInvocation(work, {
    ...evidence,
    ...decisionOf(call, end, evidence),
    outcome,
    ...(!isFirst && { resolvedBy: by }),
    outputHash: result?.hash ?? null,
    errorCode: reason ?? null,
    errorMessage: message ?? null,
    durationMs: durationMs ?? null,
  });
  if (call.intent_id !== null) {
    work.settle({ intentId: call.intent_id, outcome, first: isFirst, ...(reason !== undefined && { reason }) });
    if (outcome !== 'unknown') resolveEarlier(work, call, { outcome, reason: 'answered_when_sent_again' });
  }
  updateCall(work, call, end);
  if (isFirst) countCall(work, call, outcome);
  work.audit({
    type: outcome === 'succeeded' ? 'tool_invocation_completed' : 'tool_invocation_failed',
    outcome: auditOutcome(outcome),
    resource: { type: 'tool_invocation', id: call.invocation_id },
    policyId: evidence.policyId ?? undefined,
    policySnapshotId: call.policy_snapshot_id ?? undefined,
    evidence: {
      invocation_id: call.invocation_id,
      server_id: call.server_id,
      tool_name: call.tool_name,
      outcome,
      reason: reason ?? null,
      output_hash: result?.hash ?? null,
      ...(result?.replaced !== undefined && { replaced: result.replaced }),
      duration_ms: durationMs ?? null,
      row_hash: rowHash,
    },
  });
  return { state: 'settled', outcome };
}

/** A call that never left was decided against, or stopped, whatever was said of it first. */
function decisionOf(
  call: CallRow,
  { outcome, message }: CallEnd,
  { policyDecision, policyReason }: Pick<InvocationRecord, 'policyDecision' | 'policyReason'>,
): Pick<InvocationRecord, 'policyDecision' | 'policyReason'> {
  if (outcome !== 'refused' && outcome !== 'killed') return { policyDecision, policyReason };
  const wasPending = call.state === 'pending' && outcome === 'killed';
  return { policyDecision: wasPending ? 'pending' : 'blocked', policyReason: message ?? policyReason };
}

// What is long is not kept for the dry runs of policies.
const keptInput = sql<Buffer | null>`case when octet_length(input) <= ${callLimits.keptBytes} then input end`;

function updateCall({ write }: Work, call: CallRow, { outcome, reason, message, result }: CallEnd): void {
  const { hidesInput } = call.decision as KeptDecision;
  write((query) =>
    query
      .updateTable('mcp_tool_calls')
      .set({
        state: 'settled',
        outcome,
        reason: reason ?? null,
        message: message ?? null,
        output_ref: result?.ref ?? null,
        output_bytes: result?.bytes ?? null,
        output: result?.sealed === undefined ? null : Buffer.from(result.sealed, 'base64'),
        input: hidesInput === true ? null : keptInput,
        settled_at: call.settled_at ?? new Date(),
      })
      .where('invocation_id', '=', call.invocation_id),
  );
}

function countCall({ write }: Work, call: CallRow, outcome: CallEnd['outcome']): void {
  if (outcome === 'refused' || outcome === 'killed') return;
  write((query) =>
    query
      .updateTable('mcp_tools')
      .set({
        invocation_count: sql`invocation_count + 1`,
        failure_count: sql`failure_count + ${outcome === 'succeeded' ? 0 : 1}`,
        last_invoked_at: new Date(),
      })
      .where('tool_id', '=', call.tool_id),
  );
}

/** For a step that finds the call further on than it thought. */
export function noteRepetition(work: Work, call: CallRow): void {
  work.audit({
    type: 'tool_invocation_repeated',
    outcome: 'skipped',
    resource: { type: 'tool_invocation', id: call.invocation_id },
    evidence: {
      invocation_id: call.invocation_id,
      server_id: call.server_id,
      tool_name: call.tool_name,
      state: call.state,
      outcome: call.outcome,
    },
  });
}

function auditOutcome(outcome: CallEnd['outcome']) {
  const words = {
    succeeded: 'success',
    failed: 'failure',
    unknown: 'unknown',
    refused: 'blocked',
    killed: 'killed',
  } as const;
  return words[outcome];
}
