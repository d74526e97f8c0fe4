import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { InvocationId, ToolArguments } from '../../../contracts/tool-call-schemas';
import { callLimits } from '../../../contracts/tool-calls';
import { ServerId } from '../../../contracts/tool-schemas';
import { epochsOf } from '../../../contracts/switches';
import { defineOperation, type Operation, type Work } from '../../define';
import { canonicalJson, sha256Hex } from '../../transaction/canonical';
import type { ToolDecision } from '../policy/decide';
import { lockCalledTool, type CalledTool } from './called-tool';
import { decide, redactionsFor, type CallArguments } from './decide-call';
import type { ReachedServer } from './call-reads';
import type { CallRow, KeptDecision } from './call-rows';
import { denialOfCall } from './denial';
import { previewOf } from './preview';

export const AttemptParams = z.strictObject({
  invocationId: InvocationId,
  serverId: ServerId,
  /** Made by the attempt that asks. */
  intentId: z.uuid(),
  arguments: ToolArguments,
});
type AttemptParams = z.infer<typeof AttemptParams>;

interface AttemptFacts {
  readonly call: CallRow;
  readonly tool: CalledTool;
}

/** An operation that sends a call, the first time or again: what it passes and what it looks at is the same. */
export function defineAttempt<Params extends AttemptParams, Result>(
  own: Pick<Operation<Params, AttemptFacts, Result>, 'name' | 'params' | 'handle'>,
) {
  return defineOperation<Params, AttemptFacts, Result>({
    ...own,
    permission: 'execute:mcp:*',
    fence: 'fenced',
    capability: 'tools.call',
    begins: 'step',
    answer: 'fresh',
    scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],
    job: ({ invocationId }) => invocationId,

    loadFacts: (bound, { invocationId }) => lockCalledTool(bound, invocationId),
  });
}

interface Attempt {
  readonly intentId: string;
  readonly phase: string;
  readonly input: ToolArguments;
  /** What is kept with the decision from now on. */
  readonly noted: object;
}

/** Opens the intent of an attempt, after which the call may reach its server. What is hidden by now is hidden from then on. */
export function openAttempt(work: Work, call: CallRow, tool: CalledTool, attempt: Attempt) {
  const { intentId, phase, input, noted } = attempt;
  const deadline = new Date(Date.now() + callLimits.deadlineMs);
  work.intend({ intentId, subject: `tool:${call.invocation_id}`, phase, deadline });
  const { input: hidden, result: redactions } = redactionsFor(tool);
  const isHidden = hidden.length > 0;
  const kept = { ...(call.decision as KeptDecision), ...noted, ...(isHidden && { hidesInput: true }) };
  work.write((query) =>
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
  const { tool_name: toolName, input_schema: inputSchema, retry_safe: isRetrySafe } = tool;
  const { server_id, url, transport, auth_type, credential_id } = tool;
  const server: ReachedServer = { server_id, url, transport, auth_type, credential_id };
  /** What the switches were when it was opened. */
  const seen = epochsOf(work.switches);
  return { started: true, seen, server, toolName, inputSchema, isRetrySafe, redactions } as const;
}

/** Refuses what may not be sent by now, whoever allowed it before. */
export function decideAgain(work: Work, call: CallRow, tool: CalledTool, value: ToolArguments): ToolDecision {
  const decision = decide(work, tool, sameArguments(call, value));
  if (decision.decision === 'deny') throw denialOfCall(decision, tool);
  if (tool.definition_hash !== call.definition_hash) {
    throw refusal('tool_definition_changed', 'the definition of the tool was changed since the call was decided', {
      details: { deny_reason: 'tool_definition_changed' },
    });
  }
  return decision;
}

/** The arguments as they were decided about. */
function sameArguments(call: CallRow, value: ToolArguments): CallArguments {
  const canonical = canonicalJson(value);
  if (sha256Hex(canonical) === call.input_hash) return { value, canonical };
  throw refusal('INVALID_STATE', 'the stored arguments are not those that were decided about');
}

export function requireItsServer(call: CallRow, serverId: string): void {
  if (call.server_id !== serverId) throw refusal('TOOL_SERVER_MISMATCH', 'the call is of another server');
}
