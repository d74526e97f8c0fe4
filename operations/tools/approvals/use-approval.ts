import { refusal } from '../../../contracts/errors';
import type { Bound } from '../../define';
import type { CallRow } from '../calls/call-rows';
import type { ToolDecision } from '../policy/decide';

/**
 * Uses up what people said to the call, in the transaction that starts it. It counts once, for these arguments and this
 * definition, until it runs out, and for no more people than said yes.
 */
export async function useApproval({ tx }: Bound, call: CallRow, decision: ToolDecision): Promise<string> {
  const approval = await tx
    .selectFrom('mcp_tool_approvals')
    .selectAll()
    .where('invocation_id', '=', call.invocation_id)
    .forUpdate()
    .executeTakeFirst();
  if (approval === undefined) throw refusal('INVALID_STATE', 'the call waits, and nobody was asked');
  const { approval_id: approvalId, decision: said } = approval;
  if (said === null) throw refusal('INVALID_STATE', 'nobody has decided yet', { details: { approval_id: approvalId } });
  if (said !== 'approve') throw refused(said, approvalId);
  if (approval.used_at !== null) throw refusal('INVALID_STATE', 'the approval is used up');
  if (approval.expires_at.getTime() <= Date.now()) throw refused('expired', approvalId);
  if (approval.input_hash !== call.input_hash || approval.definition_hash !== call.definition_hash) {
    throw refusal('approval_denied', 'the approval is for other arguments or another definition');
  }
  if (decision.approvers > approval.approvers_needed) {
    throw refusal('POLICY_DENIED', 'the policies ask for more approvals by now; send the call again under a new key', {
      details: { deny_reason: 'policy_violation', approval_id: approvalId },
    });
  }
  await tx
    .updateTable('mcp_tool_approvals')
    .set({ used_at: new Date() })
    .where('approval_id', '=', approvalId)
    .execute();
  return approvalId;
}

function refused(said: string, approvalId: string) {
  const details = { approval_id: approvalId };
  if (said === 'expired') {
    return refusal('approval_expired', 'nobody decided in time', {
      details: { ...details, deny_reason: 'approval_expired' },
    });
  }
  return refusal('approval_denied', said === 'deny' ? 'the call was denied' : 'the call was withdrawn', {
    details: { ...details, deny_reason: 'approval_denied' },
  });
}
