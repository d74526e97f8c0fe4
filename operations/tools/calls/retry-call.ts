import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { callLimits } from '../../../contracts/tool-calls';
import type { Bound } from '../../define';
import type { ToolDecision } from '../policy/decide';
import { AttemptParams, decideAgain, defineAttempt, openAttempt, requireItsServer } from './attempts';
import type { CallRow } from './call-rows';
import { earlierIntents } from './earlier-attempts';
import { noteRepetition } from './record-outcome';
import { takeToolToken } from './take-token';

/**
 * Opens another intent for a call of which nobody knows what became of it, where an administrator has said that the tool
 * does no harm twice. Decided anew like the first, with a token of its rate; the attempt before stays on record as unknown.
 */
export const retryCall = defineAttempt({
  name: 'tools.calls.retry',
  params: AttemptParams.extend({ lost: z.strictObject({ intentId: z.uuid(), reason: z.string().max(64) }) }),

  async handle(work, { params: { serverId, lost, intentId, arguments: input }, facts: { call, tool } }) {
    requireItsServer(call, serverId);
    const earlier = [...earlierIntents(call), lost.intentId];
    const attempt = earlier.length + 1;
    const isOpen = call.state === 'dispatched' && call.intent_id === lost.intentId;
    if (!isOpen || !tool.retry_safe || attempt > callLimits.attempts) {
      noteRepetition(work, call);
      return { started: false } as const;
    }
    await requireApproved(work, call, decideAgain(work, call, tool, input));
    await takeToolToken(work, tool);
    work.settle({ intentId: lost.intentId, outcome: 'unknown', first: true, reason: lost.reason });
    const noted = { earlierIntents: earlier };
    const opened = openAttempt(work, call, tool, { intentId, phase: `upstream:${attempt}`, input, noted });
    work.audit({
      type: 'tool_invocation_retried',
      outcome: 'pending',
      resource: { type: 'tool_invocation', id: call.invocation_id },
      policySnapshotId: tool.snapshot_id ?? undefined,
      evidence: {
        invocation_id: call.invocation_id,
        server_id: call.server_id,
        tool_name: call.tool_name,
        attempt,
        intent_id: intentId,
        lost_intent_id: lost.intentId,
        lost_reason: lost.reason,
        input_hash: call.input_hash,
        definition_hash: tool.definition_hash,
      },
    });
    return opened;
  },
});

/** What people approved is the call, however often it is sent; it counts for no more people than were asked. */
async function requireApproved({ tx }: Bound, call: CallRow, { decision, approvers }: ToolDecision): Promise<void> {
  if (decision !== 'require_approval') return;
  const approval = await tx
    .selectFrom('mcp_tool_approvals')
    .select('approvers_needed')
    .where('invocation_id', '=', call.invocation_id)
    .where('used_at', 'is not', null)
    .executeTakeFirst();
  if (approval !== undefined && approval.approvers_needed >= approvers) return;
  throw refusal('POLICY_DENIED', 'the policies ask for more approval by now than the call had', {
    details: { deny_reason: 'policy_violation' },
  });
}
