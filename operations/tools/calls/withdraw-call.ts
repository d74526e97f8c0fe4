import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { InvocationId } from '../../../contracts/tool-call-schemas';
import { defineOperation } from '../../define';
import { endApproval } from '../approvals/end-approval';
import { callMessage, callNotFound, lockCall } from './call-rows';
import { recordOutcome } from './record-outcome';

/** Takes a call back before it is sent; only whoever made it may. Goes on under a kill: it starts nothing. */
export const withdrawCall = defineOperation({
  name: 'tools.calls.withdraw',
  permission: 'execute:mcp:*',
  params: z.strictObject({ invocationId: InvocationId }),
  fence: 'outcome-of-opened-intent',

  async loadFacts(work, { invocationId }) {
    return { call: await lockCall(work, invocationId) };
  },

  async handle(work, { params: { invocationId }, facts: { call } }) {
    // To anybody else it is as if it were not there.
    if (call.actor_id !== work.context.actor.id) throw callNotFound();
    if (call.state === 'settled') throw refusal('INVALID_STATE', `the call has ended: ${call.outcome ?? ''}`);
    if (call.state === 'dispatched') throw refusal('INVALID_STATE', 'the call was sent; it cannot be taken back');
    if (call.state === 'pending') await endApproval(work, call, 'withdrawn');
    const end = { outcome: 'refused', reason: 'withdrawn', message: 'taken back by whoever called' } as const;
    recordOutcome(work, call, end, work.context.actor.id);
    work.enqueue(await callMessage(work, call));
    return { invocationId, outcome: end.outcome };
  },
});
