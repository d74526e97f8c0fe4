import { callLimits } from '../../../contracts/tool-calls';
import type { Work } from '../../define';
import { principalsBehind } from '../../identity/principals';
import { newId } from '../../ids';
import type { CalledTool } from '../calls/called-tool';
import type { ToolDecision } from '../policy/decide';

interface Held {
  readonly invocationId: string;
  readonly inputHash: string;
  readonly tool: CalledTool;
  readonly decision: ToolDecision;
}

/** Asks people about a call: bound to its arguments and to the definition they were meant for. Returns how long it waits. */
export async function openApproval(work: Work, { invocationId, inputHash, tool, decision }: Held): Promise<number> {
  const { tx, context } = work;
  const waitMs = callLimits.approvalMs;
  await tx
    .insertInto('mcp_tool_approvals')
    .values({
      approval_id: newId('apr_'),
      tenant_id: context.tenantId,
      invocation_id: invocationId,
      server_id: tool.server_id,
      tool_id: tool.tool_id,
      input_hash: inputHash,
      definition_hash: tool.definition_hash,
      policy_snapshot_id: tool.snapshot_id,
      reason: decision.message,
      approvers_needed: decision.approvers,
      requested_by: context.actor.id,
      requesters: await principalsBehind(tx, context.tenantId, context.actor.id),
      expires_at: new Date(Date.now() + waitMs),
    })
    .execute();
  return waitMs;
}
