import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';

/** What may be left over when nothing is asked any more; idle is when all of it is zero. */
const leftovers = {
  'open jobs': `select count(*)::int as n from knowledge_jobs where status in ('queued', 'running')`,
  'calls that have not ended': 'select count(*)::int as n from mcp_tool_calls where settled_at is null',
  'planes that name a job': 'select count(*)::int as n from knowledge_planes where active_job_id is not null',
  'messages not delivered': 'select count(*)::int as n from event_outbox where published_at is null',
  'intents without an outcome': `select count(*)::int as n from effect_intents i
    where not exists (select from effect_outcomes o where o.intent_id = i.intent_id and o.first)`,
  'open pauses': 'select count(*)::int as n from run_pauses where outcome is null',
  'fan-outs at work': `select count(*)::int as n from switch_fan_outs where status in ('queued', 'running')`,
  'events not sealed': `select count(*)::int as n from audit_events e
    where not exists (select from audit_leaves l where l.event_id = e.event_id)`,
} as const;

const lookMs = 500;

/** Waits until nothing is left over. Answers what still is when the time is up: nothing, when it was reached. */
export async function untilIdle(owner: Pool, limitMs: number): Promise<Record<string, number>> {
  const until = Date.now() + limitMs;
  for (;;) {
    const found: Record<string, number> = {};
    for (const [what, query] of Object.entries(leftovers)) {
      const { rows } = await owner.query<{ n: number }>(query);
      if (rows[0]?.n !== 0) found[what] = rows[0]?.n ?? NaN;
    }
    if (Object.keys(found).length === 0 || Date.now() > until) return found;
    await sleep(lookMs);
  }
}
