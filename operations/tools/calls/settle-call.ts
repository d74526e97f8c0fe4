import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { callOutcomes, type ToolCallStep } from '../../../contracts/tool-calls';
import { InvocationId } from '../../../contracts/tool-call-schemas';
import { Sha256 } from '../../../contracts/knowledge-schemas';
import { defineOperation } from '../../define';
import { lockCall, stepOf } from './call-rows';
import { answerLate, earlierIntents } from './earlier-attempts';
import { recordOutcome } from './record-outcome';

export const CallEnd = z.strictObject({
  outcome: z.enum(callOutcomes),
  reason: z.string().max(64).optional(),
  message: z.string().max(1000).optional(),
  durationMs: z.int().min(0).optional(),
  result: z
    .strictObject({
      hash: Sha256,
      bytes: z.int().min(0),
      /** Places that policies had replaced before it was stored; absent where none speaks of the tool. */
      replaced: z.int().min(0).optional(),
      /** Encrypted, base64; or by reference. */
      sealed: z.string().optional(),
      ref: z.string().max(128).optional(),
    })
    .optional(),
});
export type CallEnd = z.infer<typeof CallEnd>;

/**
 * Records how a dispatched call came out, also under a kill: what happened, happened. Said a second time, or after a
 * sweeper had given the call up, it is a resolution of what stands there; of an attempt that was made again, it resolves
 * that attempt, and the call stays with its last one. Answers how the call stands then.
 */
export const settleCall = defineOperation({
  name: 'tools.calls.settle',
  permission: 'system:execute',
  params: z.strictObject({ invocationId: InvocationId, intentId: z.uuid(), end: CallEnd }),
  fence: 'outcome-of-opened-intent',
  answer: 'fresh',

  async loadFacts(work, { invocationId }) {
    return { call: await lockCall(work, invocationId) };
  },

  async handle(work, { params: { intentId, end }, facts: { call } }): Promise<ToolCallStep> {
    if (earlierIntents(call).includes(intentId)) {
      answerLate(work, call, { intentId, outcome: end.outcome });
      return stepOf(call);
    }
    if (call.intent_id !== intentId) throw refusal('INVALID_STATE', 'the call was not sent under this intent');
    return recordOutcome(work, call, end, 'system:upstream');
  },
});
