import type { Selectable } from 'kysely';
import { refusal } from '../../../contracts/errors';
import type { McpToolApproval } from '../../../prisma/generated/database';
import type { Bound } from '../../define';
import { lockCall, type CallRow } from '../calls/call-rows';

export type ApprovalRow = Selectable<McpToolApproval>;

/** Locks a call and its approval, in this order, until the transaction ends: two who decide at once come one after the other. */
export async function lockApproval(
  bound: Bound,
  approvalId: string,
): Promise<{ approval: ApprovalRow; call: CallRow }> {
  const { tx } = bound;
  const ofApproval = tx.selectFrom('mcp_tool_approvals').where('approval_id', '=', approvalId);
  const found = await ofApproval.select('invocation_id').executeTakeFirst();
  if (found === undefined) throw refusal('NOT_FOUND', 'there is no such approval; list them with GET /approvals');
  const call = await lockCall(bound, found.invocation_id);
  return { call, approval: await ofApproval.selectAll().forUpdate().executeTakeFirstOrThrow() };
}
