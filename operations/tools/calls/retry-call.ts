import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { InvocationId, ToolArguments } from '../../../contracts/tool-call-schemas';
import { callLimits } from '../../../contracts/tool-calls';
import { ServerId } from '../../../contracts/tool-schemas';
import { defineOperation, type Work } from '../../define';
import type { ToolDecision } from '../policy/decide';
import { readCalledTool } from './call-facts';
import { lockCall, type CallRow, type KeptDecision } from './call-rows';
import { earlierIntents } from './earlier-attempts';
import { noteRepetition } from './record-outcome';
import { decideAgain, requireSameArguments, toSend } from './start-call';
import { takeToolToken } from './take-token';

/**
 * Opens another intent for a call of which nobody knows what became of it, where an administrator has said that the tool
 * does no harm twice. Decided anew like the first, with a token of its rate; the attempt before stays on record as unknown.
 */
export const retryCall = defineOperation({
  name: 'tools.calls.retry',
  permission: 'execute:mcp:*',
  params: z.strictObject({
    invocationId: InvocationId,
    serverId: ServerId,
    lost: z.strictObject({ intentId: z.uuid(), reason: z.string().max(64) }),
    /** Made by the attempt that asks. */
    intentId: z.uuid(),
    arguments: ToolArguments,
  }),
  fence: 'fenced',
  capability: 'tools.call',
  begins: 'step',
  answer: 'fresh',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],
  job: ({ invocationId }) => invocationId,

  async loadFacts(work, { invocationId }) {
    const call = await lockCall(work, invocationId);
    return { call, tool: await readCalledTool(work, call.server_id, call.tool_id) };
  },

  async handle(work, { params: { lost, intentId, ...params }, facts: { call, tool } }) {
    if (call.server_id !== params.serverId) throw refusal('TOOL_SERVER_MISMATCH', 'the call is of another server');
    const earlier = [...earlierIntents(call), lost.intentId];
    const attempt = earlier.length + 1;
    const isOpen = call.state === 'dispatched' && call.intent_id === lost.intentId;
    if (!isOpen || !tool.retry_safe || attempt > callLimits.attempts) {
      noteRepetition(work, call);
      return { started: false } as const;
    }
    const decision = decideAgain(work, call, tool, requireSameArguments(call, params.arguments));
    await requireApproved(work, call, decision);
    await takeToolToken(work, tool);
    work.settle({ intentId: lost.intentId, outcome: 'unknown', first: true, reason: lost.reason });
    const deadline = new Date(Date.now() + callLimits.deadlineMs);
    work.intend({ intentId, subject: `tool:${call.invocation_id}`, phase: `upstream:${attempt}`, deadline });
    const kept: KeptDecision = { ...(call.decision as unknown as KeptDecision), earlierIntents: earlier };
    await work.tx
      .updateTable('mcp_tool_calls')
      .set({ intent_id: intentId, decision: sql`${JSON.stringify(kept)}::jsonb` })
      .where('invocation_id', '=', call.invocation_id)
      .execute();
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
    return { started: true, ...toSend(tool) } as const;
  },
});

/** What people approved is the call, however often it is sent; it counts for no more people than were asked. */
async function requireApproved({ tx }: Work, call: CallRow, { decision, approvers }: ToolDecision): Promise<void> {
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
