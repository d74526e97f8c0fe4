import { sql } from 'kysely';
import type { Dispatch } from '../catalogue';
import { systemContext } from '../system-context';
import type { Database } from '../transaction/database';

/** Closes every abandoned intent of every tenant, a hundred at a time. `db` is of the system role. */
export async function sweepEffects(db: Database, dispatch: Dispatch): Promise<number> {
  const { rows } = await sql<{ intent_id: string; tenant_id: string }>`
    select intent_id, tenant_id from effect_intents i where deadline < now()
      and not exists (select from effect_outcomes o where o.intent_id = i.intent_id and o.first)
    order by deadline limit 100`.execute(db);
  for (const { intent_id: intentId, tenant_id: tenantId } of rows) {
    const context = systemContext(tenantId, 'sweeper');
    await dispatch(context, 'governance.effects.sweep', { params: { intentId }, idempotencyKey: intentId });
  }
  return rows.length;
}
