import { z } from 'zod';
import { InvocationId } from '../../../contracts/tool-call-schemas';
import type { ReasonCode } from '../../../contracts/errors';
import type { ToolCallStep } from '../../../contracts/tool-calls';
import { defineOperation, type Work } from '../../define';
import { endApproval } from '../approvals/end-approval';
import { lockCall, stepOf, type CallRow } from './call-rows';
import { noteRepetition, recordOutcome } from './record-outcome';
import type { CallEnd } from './settle-call';

/**
 * Ends a call whose workflow can carry it no further. What was never dispatched was refused, killed or failed; what was,
 * and has no outcome, is unknown. Goes on under every switch, since it only records.
 */
export const closeCall = defineOperation({
  name: 'tools.calls.close',
  permission: 'system:execute',
  params: z.strictObject({
    invocationId: InvocationId,
    why: z.enum(['refused', 'killed', 'failed', 'expired']),
    reason: z.string().max(64),
    message: z.string().max(1000),
  }),
  fence: 'outcome-of-opened-intent',
  answer: 'fresh',

  async loadFacts(work, { invocationId }) {
    return { call: await lockCall(work, invocationId) };
  },

  async handle(work, { params: { why, reason, message }, facts: { call } }): Promise<ToolCallStep> {
    if (why === 'expired') return expire(work, call);
    // Whoever closes knows no more of a call than what stands there, also where that is unknown.
    if (call.state === 'settled') {
      noteRepetition(work, call);
      return stepOf(call);
    }
    if (call.state === 'pending') await endApproval(work, call, 'withdrawn');
    const isLost = call.state === 'dispatched';
    const end: CallEnd = isLost
      ? { outcome: 'unknown', reason, message: 'the call was sent, and nobody knows what the server made of it' }
      : { outcome: why, reason, message };
    return recordOutcome(work, call, end, 'system:workflow');
  },
});

/** Nobody decided in time. A decision of the last moment counts: the call then goes on. */
async function expire(work: Work, call: CallRow): Promise<ToolCallStep> {
  const isExpired = call.state === 'pending' && (await endApproval(work, call, 'expired'));
  if (!isExpired) {
    noteRepetition(work, call);
    return stepOf(call);
  }
  const reason = 'approval_expired' satisfies ReasonCode;
  return recordOutcome(
    work,
    call,
    { outcome: 'refused', reason, message: 'nobody decided in time' },
    'system:workflow',
  );
}
