import { sql } from 'kysely';
import type { EffectResolution } from '../../../contracts/effects';
import type { Work } from '../../define';
import { evidenceOf, lockCall } from './call-rows';
import { resolveEarlier } from './earlier-attempts';
import { insertInvocation } from './invocation';

export const callSubject = /^tool:(inv_[0-9a-f]{16})$/;

/** Appends to a call's evidence what a person found out about it, beside the resolution of its effect. */
export async function resolveCall(
  work: Work,
  invocationId: string,
  {
    intentId,
    outcome,
    reason,
  }: { readonly intentId: string; readonly outcome: EffectResolution; readonly reason: string },
): Promise<void> {
  const call = await lockCall(work, invocationId);
  // Of an attempt that was made again: the call has the outcome of its last one.
  if (call.intent_id !== intentId) return;
  resolveEarlier(work, call, { outcome, reason });
  const rowHash = insertInvocation(work, {
    ...evidenceOf(call),
    outcome,
    resolvedBy: work.context.actor.id,
    errorMessage: reason,
  });
  await work.tx
    .updateTable('mcp_tool_calls')
    .set({ outcome, message: sql`left(${reason}, 1000)` })
    .where('invocation_id', '=', invocationId)
    .execute();
  work.audit({
    type: 'tool_invocation_resolved',
    outcome: outcome === 'succeeded' ? 'success' : 'failure',
    resource: { type: 'tool_invocation', id: invocationId },
    evidence: {
      invocation_id: invocationId,
      server_id: call.server_id,
      tool_name: call.tool_name,
      outcome,
      reason,
      row_hash: rowHash,
    },
  });
}
