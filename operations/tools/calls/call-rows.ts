import type { Selectable } from 'kysely';
import { refusal } from '../../../contracts/errors';
import { parseContext } from '../../../contracts/execution-context';
import type { ToolCallDecidedMessage } from '../../../contracts/outbox';
import { callLimits, type CallOutcome, type CallState, type ToolCallStep } from '../../../contracts/tool-calls';
import type { McpToolCall } from '../../../prisma/generated/database';
import type { Bound } from '../../define';
import { fixedQuery } from '../../transaction/fixed-query';
import type { ToolDecision } from '../policy/decide';
import type { InvocationRecord } from './invocation';

export type CallRow = Omit<Selectable<McpToolCall>, 'input' | 'output'>;

/** What of a decision is kept with its call. */
export interface KeptDecision extends Pick<ToolDecision, 'decision' | 'policyId' | 'message' | 'warnings' | 'shadow'> {
  /** Its arguments go with its end: policies have some of them replaced before they are stored. */
  readonly hidesInput?: true;
  /** Under which it was sent before, without an answer. */
  readonly earlierIntents?: readonly string[];
}

/** Locks the call until the transaction ends. Its arguments and its result stay where they are. */
export async function lockCall({ tx }: Bound, invocationId: string): Promise<CallRow> {
  const [row] = (await tx.executeQuery(lockedCall({ invocationId }))).rows;
  if (row === undefined) throw callNotFound();
  return row;
}

export const lockedCall = fixedQuery((db, { invocationId }: { invocationId: string }) =>
  db
    .selectFrom('mcp_tool_calls')
    .select([
      ...(['invocation_id', 'tenant_id', 'workflow_id', 'server_id', 'tool_id', 'tool_name', 'actor_id'] as const),
      ...(['actor_type', 'digest', 'input_hash', 'input_preview', 'state', 'definition_hash', 'decision'] as const),
      ...(['policy_snapshot_id', 'outcome', 'output_ref', 'output_bytes', 'reason', 'message', 'run_id'] as const),
      ...(['intent_id', 'seen_epochs', 'context', 'requested_at', 'settled_at'] as const),
    ])
    .where('invocation_id', '=', invocationId)
    .forUpdate(),
);

/** How the call stands. */
export function stepOf({ state, outcome }: Pick<CallRow, 'state' | 'outcome'>): ToolCallStep {
  return { state: state as CallState, outcome: outcome as CallOutcome | null };
}

export function callNotFound() {
  return refusal('NOT_FOUND', 'there is no such call');
}

/** What the evidence of a call says of it, however it came out. */
export function evidenceOf(
  call: CallRow,
): Omit<InvocationRecord, 'outcome' | 'outputHash' | 'errorCode' | 'errorMessage' | 'durationMs' | 'resolvedBy'> {
  const decision = call.decision as KeptDecision;
  const requester = parseContext(call.context);
  return {
    invocationId: call.invocation_id,
    toolId: call.tool_id,
    serverId: call.server_id,
    toolName: call.tool_name,
    inputHash: call.input_hash,
    inputPreview: call.input_preview,
    definitionHash: call.definition_hash,
    actor: { id: call.actor_id, type: call.actor_type },
    runId: call.run_id,
    stepIndex: requester.stepIndex,
    traceId: requester.traceId,
    policyId: decision.policyId ?? null,
    policySnapshotId: call.policy_snapshot_id,
    policyDecision: decision.warnings.length > 0 ? 'flagged' : 'allowed',
    policyReason: decision.message,
    invokedAt: call.requested_at,
  };
}

/** Wakes the workflow of a call, as it was started. */
export async function callMessage({ tx }: Bound, call: CallRow): Promise<ToolCallDecidedMessage> {
  const { name: serverName } = await tx
    .selectFrom('mcp_servers')
    .select('name')
    .where('server_id', '=', call.server_id)
    .executeTakeFirstOrThrow();
  return {
    topic: 'tool.decided',
    workflowId: call.workflow_id,
    payload: {
      call: { invocationId: call.invocation_id, serverId: call.server_id, waitMs: callLimits.approvalMs },
      ...{ serverName, toolName: call.tool_name, decision: 'pending' },
      requester: parseContext(call.context),
    },
  };
}
