import { sql } from 'kysely';
import type { OutboxMessage, OutboxPort } from '../../contracts/outbox';
import type { Database } from '../transaction/database';

const batchMax = 50;
const backoffMaxSeconds = 30;

export interface Relay {
  /** Delivers what waits, or only the given rows. Returns how many were delivered. */
  deliver(ids?: readonly string[]): Promise<number>;
}

interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  readonly workflow_id: string;
  readonly payload: unknown;
}

/**
 * Takes waiting rows (`for update skip locked`, so relays never meet), delivers them and marks them. A crash in
 * between delivers again, which the port must bear. `db` is of the system role: the outbox is of all tenants.
 */
export function createRelay({ db, port }: { db: Database; port: OutboxPort }): Relay {
  return {
    deliver: (ids) =>
      db.transaction().execute(async (tx) => {
        const chosen = ids === undefined ? sql`true` : sql`id = any(${ids}::bigint[])`;
        // A schedule's changes go out one after the other: an older one that comes last would undo the newer.
        const { rows } = await sql<OutboxRow>`
          select id, topic, workflow_id, payload from event_outbox o where published_at is null and next_attempt_at <= now() and ${chosen}
          and (topic not like 'schedule.%' or not exists (select from event_outbox e
            where e.workflow_id = o.workflow_id and e.published_at is null and e.id < o.id))
          order by id limit ${batchMax} for update of o skip locked`.execute(tx);
        const results = await Promise.all(rows.map((row) => attempt(port, row)));
        for (const { id, error } of results) {
          await (error === undefined
            ? sql`update event_outbox set published_at = now(), attempts = attempts + 1, last_error = null
                where id = ${id}`.execute(tx)
            : sql`update event_outbox set attempts = attempts + 1, last_error = ${error},
                next_attempt_at = now() + least(power(2, least(attempts, 10)) * 0.2, ${backoffMaxSeconds}) * interval '1 second'
                where id = ${id}`.execute(tx));
        }
        return results.filter(({ error }) => error === undefined).length;
      }),
  };
}

async function attempt(port: OutboxPort, row: OutboxRow): Promise<{ id: string; error?: string }> {
  try {
    await port.deliver({ topic: row.topic, workflowId: row.workflow_id, payload: row.payload } as OutboxMessage);
    return { id: row.id };
  } catch (error) {
    return { id: row.id, error: error instanceof Error ? error.message.slice(0, 500) : 'unknown' };
  }
}
