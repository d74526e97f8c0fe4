import type { Work } from '../../define';
import type { CallRow } from '../calls/call-rows';

/** Ends the waiting of a call without anybody's decision. False when somebody has decided. */
export async function endApproval(work: Work, call: CallRow, decision: 'expired' | 'withdrawn'): Promise<boolean> {
  const [ended] = await work.tx
    .updateTable('mcp_tool_approvals')
    .set({ decision, decided_at: new Date() })
    .where('invocation_id', '=', call.invocation_id)
    .where('decision', 'is', null)
    .returning('approval_id')
    .execute();
  if (ended === undefined) return false;
  work.audit({
    type: 'tool_approval_ended',
    outcome: 'blocked',
    resource: { type: 'tool_approval', id: ended.approval_id },
    evidence: {
      invocation_id: call.invocation_id,
      server_id: call.server_id,
      tool_name: call.tool_name,
      approval_id: ended.approval_id,
      decision,
    },
  });
  return true;
}
