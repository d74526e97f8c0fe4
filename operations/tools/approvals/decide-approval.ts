import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { ApprovalId } from '../../../contracts/tool-call-schemas';
import { approvalDecisions } from '../../../contracts/tool-calls';
import { text } from '../../../contracts/text';
import { defineOperation, type Work } from '../../define';
import { principalsBehind } from '../../identity/principals';
import { callMessage } from '../calls/call-rows';
import { lockApproval, type ApprovalRow } from './approval-rows';

/**
 * One person's word on a waiting call. A denial ends the waiting; enough approvals, each of another person, do too.
 * Nobody decides who stands behind the request, who acts for whoever asked, or who has decided already.
 */
export const decideApproval = defineOperation({
  name: 'tools.approvals.decide',
  permission: 'decide:approvals',
  params: z.strictObject({ approvalId: ApprovalId, decision: z.enum(approvalDecisions), reason: text(1000) }),
  fence: 'fenced',
  capability: 'tools.call',
  scopes: () => [],

  async loadFacts(work, { approvalId }) {
    const { approval, call } = await lockApproval(work, approvalId);
    const votes = await work.tx
      .selectFrom('mcp_tool_approval_votes')
      .select(['decided_by', 'decision'])
      .where('approval_id', '=', approvalId)
      .execute();
    return { approval, votes, call };
  },

  async handle(work, { params: { approvalId, decision, reason }, facts: { approval, votes, call } }) {
    if (approval.decision !== null) {
      throw refusal('INVALID_STATE', `it is decided already: ${approval.decision}`, {
        details: { decision: approval.decision },
      });
    }
    if (call.state !== 'pending') throw refusal('INVALID_STATE', 'the call waits no longer');
    if (approval.expires_at.getTime() <= Date.now()) throw refusal('approval_expired', 'the time to decide is over');
    await requireAnother(
      work,
      approval,
      votes.map(({ decided_by: by }) => by),
    );
    await work.tx
      .insertInto('mcp_tool_approval_votes')
      .values({
        approval_id: approvalId,
        decided_by: work.context.actor.id,
        tenant_id: work.context.tenantId,
        decision,
        reason,
      })
      .execute();
    const approvals = votes.length + (decision === 'approve' ? 1 : 0);
    const isDecided = decision === 'deny' || approvals >= approval.approvers_needed;
    if (isDecided) {
      await work.tx
        .updateTable('mcp_tool_approvals')
        .set({ decision, decided_at: new Date() })
        .where('approval_id', '=', approvalId)
        .execute();
      work.enqueue(await callMessage(work, call));
    }
    const auditEventId = work.audit({
      type: 'tool_approval_voted',
      outcome: decision === 'approve' ? 'success' : 'blocked',
      resource: { type: 'tool_approval', id: approvalId },
      evidence: {
        invocation_id: call.invocation_id,
        server_id: call.server_id,
        tool_name: call.tool_name,
        approval_id: approvalId,
        vote: decision,
        reason,
        approvals,
        approvers_needed: approval.approvers_needed,
        input_hash: approval.input_hash,
        definition_hash: approval.definition_hash,
      },
    });
    return {
      approvalId,
      invocationId: call.invocation_id,
      decision: isDecided ? decision : null,
      approvals,
      approversNeeded: approval.approvers_needed,
      auditEventId,
    };
  },
});

async function requireAnother(work: Work, approval: ApprovalRow, voters: readonly string[]): Promise<void> {
  const { tx, context } = work;
  const me = context.actor.id;
  const behindMe = await principalsBehind(tx, context.tenantId, me);
  const isOneWith = (others: readonly string[], other: string) => others.includes(me) || behindMe.includes(other);
  if (isOneWith(approval.requesters, approval.requested_by)) {
    throw refusal('ACCESS_DENIED', 'whoever asked for a call, or stands behind who asked, does not decide about it');
  }
  if (voters.includes(me)) throw refusal('CONFLICT', 'you have decided already; another person has to');
  for (const voter of voters) {
    if (isOneWith(await principalsBehind(tx, context.tenantId, voter), voter)) {
      throw refusal('ACCESS_DENIED', 'the second approval has to come from a person who does not act for the first');
    }
  }
}
