import { Client } from 'pg';
import type { Draw } from './random';

interface Tampering {
  readonly what: string;
  readonly sql: string;
}

// What somebody with the owner's rights could do; each leaves rows that look whole.
const tamperings: readonly Tampering[] = [
  {
    what: 'an event edited, its hash with it',
    sql: `update audit_events set payload_bytes = convert_to(replace(convert_from(payload_bytes, 'UTF8'), '"chaos"', '"order"'), 'UTF8'),
      integrity_hash = encode(sha256(convert_to(replace(convert_from(payload_bytes, 'UTF8'), '"chaos"', '"order"'), 'UTF8')), 'hex')
      where event_id = (select event_id from audit_events where convert_from(payload_bytes, 'UTF8') like '%"chaos"%'
        order by ordinal limit 1)`,
  },
  {
    what: 'an event edited, its hash left',
    sql: `update audit_events set payload_bytes = payload_bytes || '\\x20'
      where event_id = (select event_id from audit_events order by ordinal offset 5 limit 1)`,
  },
  {
    what: 'an event deleted',
    sql: `delete from audit_events where event_id = (select event_id from audit_events order by ordinal offset 7 limit 1)`,
  },
  {
    what: 'the actor column of an event changed',
    sql: `update audit_events set actor_id = 'somebody else'
      where event_id = (select event_id from audit_events order by ordinal offset 9 limit 1)`,
  },
  {
    what: 'evidence of a retrieval edited',
    sql: `update retrieval_evidence set decision = 'denied', deny_reason = 'policy'
      where id = (select id from retrieval_evidence where decision = 'allowed' order by seq limit 1)`,
  },
];

/** Changes what may never change, as one with the rights of the owner and the triggers off. Answers what was changed. */
export async function tamper(ownerUrl: string, draw: Draw): Promise<string> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    for (const { what, sql } of draw.shuffle(tamperings)) {
      await client.query('begin');
      await disableTriggers(client);
      const { rowCount } = await client.query(sql);
      await client.query(rowCount === 1 ? 'commit' : 'rollback');
      if (rowCount === 1) return what;
    }
  } finally {
    await client.end();
  }
  throw new Error('there was nothing to tamper with');
}

async function disableTriggers(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and (n.nspname = 'audit_partitions' or c.relname in ('audit_events', 'retrieval_evidence'))`);
  for (const { name } of rows) await client.query(`alter table ${name} disable trigger user`);
}
