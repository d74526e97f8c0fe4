import { sql } from 'kysely';
import { z } from 'zod';
import { freezeContext } from '../../contracts/execution-context';
import type { Dispatch } from '../catalogue';
import { defineOperation } from '../define';
import { newId } from '../ids';
import type { Database } from '../transaction/database';

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
    if (subject !== undefined) work.settle({ intentId, outcome, first: true, reason: 'abandoned' });
    work.audit({
      type: 'EffectSwept',
      outcome: subject === undefined ? 'skipped' : outcome === 'failed' ? 'failure' : 'unknown',
      resource: { type: 'effect', id: intentId },
      evidence: { subject: subject ?? null, outcome },
    });
    return { outcome };
  },
});

/** Closes every abandoned intent of every tenant, a hundred at a time. `db` is of the system role. */
export async function sweepEffects(db: Database, dispatch: Dispatch): Promise<number> {
  const { rows } = await sql<{ intent_id: string; tenant_id: string }>`
    select intent_id, tenant_id from effect_intents i where deadline < now()
      and not exists (select from effect_outcomes o where o.intent_id = i.intent_id and o.first)
    order by deadline limit 100`.execute(db);
  for (const { intent_id: intentId, tenant_id: tenantId } of rows) {
    const requestId = newId('req-');
    const context = freezeContext({
      tenantId,
      actor: { id: 'system:sweeper', type: 'system' },
      requestId,
      traceId: newId('', 16),
      runId: requestId,
      source: 'reconciler',
    });
    await dispatch(context, 'governance.effects.sweep', { params: { intentId }, idempotencyKey: intentId });
  }
  return rows.length;
}
