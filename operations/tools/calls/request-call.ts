import { sql } from 'kysely';
import { z } from 'zod';
import { EngineError, refusal } from '../../../contracts/errors';
import type { ToolCallMessage } from '../../../contracts/outbox';
import { InvocationId, ToolArguments } from '../../../contracts/tool-call-schemas';
import { callLimits, type CallOutcome, type CallState } from '../../../contracts/tool-calls';
import { ServerId, ToolId } from '../../../contracts/tool-schemas';
import { defineOperation, type Refused, type Work } from '../../define';
import { canonicalJson, sha256Hex } from '../../transaction/canonical';
import { openApproval } from '../approvals/open-approval';
import { checkArguments } from '../policy/arguments';
import { decide, findCall, readToolOrCall, redactionsFor, type CalledTool, type KnownCall } from './call-facts';
import { denialOfCall, notesOf, withNotes } from './denial';
import { insertInvocation } from './invocation';
import { previewOf } from './preview';
import { takeToolToken } from './take-token';
import type { KeptDecision } from './call-rows';

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
    const isFirst = await insertCall(work, { params, tool, inputHash, digest, kept, isPending, hidden });
    // Another request under this key was faster: it has committed by now, and this is a repetition of it.
    const rival = isFirst ? undefined : await findCall(work.tx, params.workflowId);
    if (rival !== undefined) return repeat(work, rival, digest);
    // Last of all that may refuse, so that a call which is refused anyway uses nothing up.
    await takeToolToken(work, tool);
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

/** Refuses arguments that do not fit the tool's schema. */
export function requireArguments(tool: CalledTool, args: ToolArguments, canonical: string): void {
  if (Buffer.byteLength(canonical) > callLimits.argumentBytes) {
    throw refusal('validation_error', 'the arguments are longer than 1 MiB', { details: { field: 'input' } });
  }
  const check = checkArguments(tool.input_schema as Record<string, unknown>, tool.definition_hash, args);
  if (check.isValid) return;
  if (check.fault === 'schema') {
    const unusable = new EngineError('invalid_configuration', `the tool cannot be called: ${check.message}`, {
      details: { server_id: tool.server_id, tool_name: tool.tool_name },
    });
    throw withNotes(unusable, { hidden: redactionsFor(tool).input });
  }
  const [first] = check.issues;
  throw refusal(
    'validation_error',
    `the arguments do not fit the tool: ${first?.field ?? ''} ${first?.message ?? ''}`,
    {
      details: {
        field: `input${(first?.field ?? '').replaceAll('/', '.')}`,
        field_errors: check.issues.slice(0, 20).map(({ field, message }) => ({ field, message })),
      },
    },
  );
}

interface NewCall {
  readonly params: RequestParams;
  readonly tool: CalledTool;
  readonly inputHash: string;
  readonly kept: KeptDecision;
  readonly isPending: boolean;
}

async function insertCall(
  work: Work,
  { params, tool, inputHash, digest, kept, isPending, hidden }: NewCall & { digest: string; hidden: readonly string[] },
) {
  const { tx, context } = work;
  const seen = Object.fromEntries(work.switches.map(({ switchId, epoch }) => [switchId, epoch]));
  const { numInsertedOrUpdatedRows: inserted } = await tx
    .insertInto('mcp_tool_calls')
    .values({
      invocation_id: params.invocationId,
      tenant_id: context.tenantId,
      workflow_id: params.workflowId,
      server_id: tool.server_id,
      tool_id: tool.tool_id,
      tool_name: tool.tool_name,
      actor_id: context.actor.id,
      actor_type: context.actor.type,
      digest,
      input_hash: inputHash,
      input_preview: previewOf(params.arguments, hidden),
      input: Buffer.from(params.sealedArguments, 'base64'),
      state: isPending ? 'pending' : 'allowed',
      definition_hash: tool.definition_hash,
      decision: sql`${JSON.stringify(kept)}::jsonb`,
      policy_snapshot_id: tool.snapshot_id,
      run_id: context.runId,
      seen_epochs: sql`${JSON.stringify(seen)}::jsonb`,
      context: sql`${JSON.stringify(context)}::jsonb`,
    })
    .onConflict((conflict) => conflict.column('workflow_id').doNothing())
    .executeTakeFirst();
  return inserted === 1n;
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

/** Matches of rules as an event says them. */
export function noted(matches: KeptDecision['warnings']) {
  return matches.slice(0, 20).map(({ policyId, effect, failure }) => ({
    policy_id: policyId,
    effect,
    failure: failure?.slice(0, 300) ?? null,
  }));
}

/** The evidence of a call that was not taken on. What names no tool of the tenant has no row of its own. */
async function recordDenial(work: Work, params: RequestParams, error: EngineError): Promise<Refused> {
  const { invocationId, serverId, toolId } = params;
  const inputHash = sha256Hex(canonicalJson(params.arguments));
  const named = error.details?.tool_name;
  const policyId = typeof error.details?.policy_id === 'string' ? error.details.policy_id : undefined;
  const snapshotId =
    typeof error.details?.policy_snapshot_id === 'string' ? error.details.policy_snapshot_id : undefined;
  const reason = error.reason ?? error.code;
  const notes = notesOf(error);
  const rowHash =
    typeof named === 'string'
      ? insertInvocation(work, {
          ...{
            invocationId,
            toolId,
            serverId,
            toolName: named,
            inputHash,
            inputPreview: previewOf(params.arguments, notes.hidden),
          },
          definitionHash: null,
          actor: work.context.actor,
          runId: work.context.runId,
          stepIndex: work.context.stepIndex,
          traceId: work.context.traceId,
          policyId: policyId ?? null,
          policySnapshotId: snapshotId ?? null,
          policyDecision: 'blocked',
          policyReason: error.message,
          outcome: 'refused',
          errorCode: reason,
          errorMessage: error.message,
          invokedAt: new Date(),
        })
      : null;
  return {
    entry: {
      type: 'tool_invocation_denied',
      outcome: 'blocked',
      resource: { type: 'tool_invocation', id: invocationId },
      policyId,
      policySnapshotId: snapshotId,
      evidence: {
        invocation_id: invocationId,
        server_id: serverId,
        tool_id: toolId,
        tool_name: typeof named === 'string' ? named : null,
        input_hash: inputHash,
        reason,
        warnings: noted(notes.warnings),
        shadow: noted(notes.shadow),
        row_hash: rowHash,
      },
      error: { code: error.code, message: error.message },
    },
    details: { invocation_id: invocationId },
  };
}
