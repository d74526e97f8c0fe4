import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import type { ToolCallMessage } from '../../../contracts/outbox';
import { InvocationId, ToolArguments } from '../../../contracts/tool-call-schemas';
import type { CallOutcome, CallState } from '../../../contracts/tool-calls';
import { ServerId, ToolId } from '../../../contracts/tool-schemas';
import { defineOperation, type Work } from '../../define';
import { canonicalJson, sha256Hex } from '../../transaction/canonical';
import { openApproval } from '../approvals/open-approval';
import { findCall, readToolOrCall, type KnownCall } from './called-tool';
import { decide, redactionsFor } from './decide-call';
import type { KeptDecision } from './call-rows';
import { denialOfCall } from './denial';
import { insertCall, type NewCall } from './insert-call';
import { noted, recordDenial } from './record-denial';
import { requireArguments } from './require-arguments';

const RequestParams = z.strictObject({
  invocationId: InvocationId,
  workflowId: z.string().max(256),
  serverId: ServerId,
  toolId: ToolId,
  arguments: ToolArguments,
  /** The arguments as they are stored: encrypted, base64. */
  sealedArguments: z.string(),
});
type RequestParams = z.infer<typeof RequestParams>;

export interface RequestedCall {
  readonly invocationId: string;
  readonly state: CallState;
  readonly outcome: CallOutcome | null;
  /** With what the workflow of a new call is started. */
  readonly start?: ToolCallMessage['payload'];
  /** What policies in AUDIT would have said of a new call. */
  readonly shadow?: KeptDecision['shadow'];
}

/**
 * Decides a call and takes it on. The same key again finds the call that is there, whatever has become of it; a denial
 * leaves evidence and no call, so the same key may be tried again when the reason is gone.
 */
export const requestCall = defineOperation({
  name: 'tools.calls.request',
  permission: 'execute:mcp:*',
  params: RequestParams,
  fence: 'fenced',
  capability: 'tools.call',
  begins: 'work',
  answer: 'fresh',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  loadFacts: (work, params) => readToolOrCall(work, params),

  async handle(work, { params, facts }): Promise<RequestedCall> {
    const canonical = canonicalJson(params.arguments);
    const inputHash = sha256Hex(canonical);
    const digest = sha256Hex(canonicalJson([params.serverId, params.toolId, inputHash]));
    if ('known' in facts) return repeat(work, facts.known, digest);
    const { tool } = facts;
    requireArguments(tool, params.arguments, canonical);
    const decision = decide(work, tool, { value: params.arguments, canonical });
    if (decision.decision === 'deny') throw denialOfCall(decision, tool);
    const isPending = decision.decision === 'require_approval';
    const hidden = redactionsFor(tool).input;
    const kept: KeptDecision = {
      decision: decision.decision,
      message: decision.message,
      warnings: decision.warnings,
      shadow: decision.shadow,
      ...(decision.policyId !== undefined && { policyId: decision.policyId }),
      ...(hidden.length > 0 && { hidesInput: true }),
    };
    // The token last of all that may refuse, so that a call which is refused anyway uses nothing up.
    const isFirst = await insertCall(work, { params, tool, inputHash, digest, kept, isPending, hidden });
    // Another request under this key was faster: it has committed by now, and this is a repetition of it.
    const rival = isFirst ? undefined : await findCall(work.tx, params.workflowId);
    if (rival !== undefined) return repeat(work, rival, digest);
    audit(work, { params, tool, inputHash, kept, isPending });
    const waitMs = isPending ? await openApproval(work, { ...params, inputHash, tool, decision }) : undefined;
    const { invocationId, serverId } = params;
    const start: ToolCallMessage['payload'] = {
      call: { invocationId, serverId, ...(waitMs !== undefined && { waitMs }) },
      ...{ serverName: tool.server_name, toolName: tool.tool_name, requester: work.context },
      decision: isPending ? 'pending' : 'allowed',
    };
    // Whoever asked starts it at once; this is for one who went away in between.
    work.enqueue({ topic: 'tool.call', workflowId: params.workflowId, payload: start }, { afterSeconds: 10 });
    const { shadow } = kept;
    const state = isPending ? 'pending' : 'allowed';
    return { invocationId, state, outcome: null, start, ...(shadow.length > 0 && { shadow }) };
  },

  refused: (work, { params, error }) => recordDenial(work, params, error),
});

function repeat(work: Work, known: KnownCall, digest: string): RequestedCall {
  if (known.digest !== digest) {
    throw refusal('key_reused', 'the key was used for a call of another tool or with other arguments');
  }
  work.audit({
    type: 'tool_invocation_repeated',
    outcome: 'success',
    resource: { type: 'tool_invocation', id: known.invocation_id },
    evidence: {
      invocation_id: known.invocation_id,
      server_id: known.server_id,
      tool_name: known.tool_name,
      state: known.state,
      outcome: known.outcome,
    },
  });
  return {
    invocationId: known.invocation_id,
    state: known.state as CallState,
    outcome: known.outcome as CallOutcome | null,
  };
}

function audit(work: Work, { params, tool, inputHash, kept, isPending }: NewCall): void {
  const common = {
    resource: { type: 'tool_invocation', id: params.invocationId },
    policyId: kept.policyId,
    policySnapshotId: tool.snapshot_id ?? undefined,
  };
  const call = { invocation_id: params.invocationId, server_id: tool.server_id, tool_name: tool.tool_name };
  work.audit({
    type: 'tool_invocation_requested',
    outcome: 'pending',
    ...common,
    evidence: { ...call, input_hash: inputHash, definition_hash: tool.definition_hash, risk: tool.risk_level },
  });
  work.audit({
    type: isPending ? 'tool_invocation_held' : 'tool_invocation_allowed',
    outcome: isPending ? 'pending' : 'success',
    ...common,
    evidence: { ...call, message: kept.message, warnings: noted(kept.warnings), shadow: noted(kept.shadow) },
  });
}
