import { sql } from 'kysely';
import { z } from 'zod';
import { defineOperation, type Work } from '../define';
import { lockCall } from '../tools/calls/call-rows';
import { recordOutcome } from '../tools/calls/record-outcome';
import { callSubject } from '../tools/calls/resolve-call';

/** Closes one intent that nobody closed in time. A retrieval released nothing; of anything else nobody knows. */
export const sweepEffect = defineOperation({
  name: 'governance.effects.sweep',
  permission: 'system:execute',
  params: z.strictObject({ intentId: z.string().max(64) }),
  fence: 'outcome-of-opened-intent',

  async loadFacts({ tx }, { intentId }) {
    const { rows } = await sql<{ subject: string }>`
      select subject from effect_intents i where intent_id = ${intentId} and deadline < now()
        and not exists (select from effect_outcomes o where o.intent_id = i.intent_id and o.first)`.execute(tx);
    return { subject: rows[0]?.subject };
  },

  async handle(work, { params: { intentId }, facts: { subject } }) {
    const outcome = subject?.startsWith('retrieval:') === true ? 'failed' : 'unknown';
    const invocationId = callSubject.exec(subject ?? '')?.[1];
    if (invocationId !== undefined) await abandonCall(work, invocationId);
    else if (subject !== undefined) work.settle({ intentId, outcome, first: true, reason: 'abandoned' });
    work.audit({
      type: 'EffectSwept',
      outcome: subject === undefined ? 'skipped' : outcome === 'failed' ? 'failure' : 'unknown',
      resource: { type: 'effect', id: intentId },
      evidence: { subject: subject ?? null, outcome },
    });
    return { outcome };
  },
});

// Settles the intent together with the call that it belongs to.
async function abandonCall(work: Work, invocationId: string): Promise<void> {
  const call = await lockCall(work, invocationId);
  const message = 'nobody told in time how the call came out';
  recordOutcome(work, call, { outcome: 'unknown', reason: 'abandoned', message }, 'system:sweeper');
}
