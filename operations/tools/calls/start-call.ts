import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { InvocationId, ToolArguments } from '../../../contracts/tool-call-schemas';
import { callLimits } from '../../../contracts/tool-calls';
import { ServerId } from '../../../contracts/tool-schemas';
import { defineOperation, type Work } from '../../define';
import { canonicalJson, sha256Hex } from '../../transaction/canonical';
import { useApproval } from '../approvals/use-approval';
import type { ToolDecision } from '../policy/decide';
import { decide, readCalledTool, redactionsFor, type CallArguments, type CalledTool } from './call-facts';
import { lockCall, type CallRow, type KeptDecision } from './call-rows';
import { denialOfCall } from './denial';
import { previewOf } from './preview';
import { noteRepetition } from './record-outcome';

/**
 * Opens the intent of a call, after which it may reach its server; decided anew, by what holds at this moment. A call
 * whose intent was opened before is not started again: only its outcome is asked for.
 */
export const startCall = defineOperation({
  name: 'tools.calls.start',
  permission: 'execute:mcp:*',
  params: z.strictObject({
    invocationId: InvocationId,
    serverId: ServerId,
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

  async handle(work, { params, facts: { call, tool } }) {
    if (call.state === 'settled' || call.state === 'dispatched') {
      noteRepetition(work, call);
      const isLost = call.state === 'dispatched' && tool.retry_safe;
      return { started: false, outcome: call.outcome, lostIntentId: isLost ? call.intent_id : null } as const;
    }
    if (call.server_id !== params.serverId) throw refusal('TOOL_SERVER_MISMATCH', 'the call is of another server');
    const args = requireSameArguments(call, params.arguments);
    const approvalId = await requireDecision(work, call, tool, args);
    const { intentId } = params;
    const deadline = new Date(Date.now() + callLimits.deadlineMs);
    work.intend({ intentId, subject: `tool:${call.invocation_id}`, phase: 'upstream', deadline });
    markDispatched(work, call, tool, { intentId, input: params.arguments });
    work.audit({
      type: 'tool_invocation_started',
      outcome: 'pending',
      resource: { type: 'tool_invocation', id: call.invocation_id },
      policySnapshotId: tool.snapshot_id ?? undefined,
      evidence: {
        invocation_id: call.invocation_id,
        server_id: call.server_id,
        tool_name: call.tool_name,
        intent_id: intentId,
        input_hash: call.input_hash,
        definition_hash: tool.definition_hash,
        approval_id: approvalId,
        snapshot_at_request: call.policy_snapshot_id,
      },
    });
    return { started: true, ...toSend(tool) } as const;
  },
});

/** What is needed to send the call, and to store what comes back. */
export function toSend(tool: CalledTool) {
  const { tool_name: toolName, input_schema: inputSchema, retry_safe: isRetrySafe } = tool;
  return { toolName, inputSchema, isRetrySafe, redactions: redactionsFor(tool).result };
}

/** What was allowed or approved counts for the definition that it was said of, and under the rules of now. */
async function requireDecision(
  work: Work,
  call: CallRow,
  tool: CalledTool,
  args: CallArguments,
): Promise<string | null> {
  const decision = decideAgain(work, call, tool, args);
  if (call.state === 'pending') return useApproval(work, call, decision);
  if (decision.decision === 'require_approval') {
    throw refusal('POLICY_DENIED', 'the policies ask for approval by now; send the call again under a new key', {
      details: { deny_reason: 'policy_violation' },
    });
  }
  return null;
}

function markDispatched(
  { write }: Work,
  call: CallRow,
  tool: CalledTool,
  { intentId, input }: { readonly intentId: string; readonly input: ToolArguments },
): void {
  const hidden = redactionsFor(tool).input;
  const isHidden = hidden.length > 0;
  const kept = {
    ...(call.decision as KeptDecision),
    snapshot_at_start: tool.snapshot_id,
    ...(isHidden && { hidesInput: true }),
  };
  write((query) =>
    query
      .updateTable('mcp_tool_calls')
      .set({
        state: 'dispatched',
        intent_id: intentId,
        decision: sql`${JSON.stringify(kept)}::jsonb`,
        ...(isHidden && { input_preview: previewOf(input, hidden) }),
      })
      .where('invocation_id', '=', call.invocation_id),
  );
}

/** Refuses what may not be sent by now, whoever allowed it before. */
export function decideAgain(work: Work, call: CallRow, tool: CalledTool, args: CallArguments): ToolDecision {
  const decision = decide(work, tool, args);
  if (decision.decision === 'deny') throw denialOfCall(decision, tool);
  if (tool.definition_hash !== call.definition_hash) {
    throw refusal('tool_definition_changed', 'the definition of the tool was changed since the call was decided', {
      details: { deny_reason: 'tool_definition_changed' },
    });
  }
  return decision;
}

/** The arguments as they were decided about. */
export function requireSameArguments(call: CallRow, value: ToolArguments): CallArguments {
  const canonical = canonicalJson(value);
  if (sha256Hex(canonical) === call.input_hash) return { value, canonical };
  throw refusal('INVALID_STATE', 'the stored arguments are not those that were decided about');
}
