import { Client } from 'pg';
import type { TestOperations } from './operations';
import { until } from './until';

type Core = Pick<TestOperations, 'owner' | 'database'>;

export interface Gate {
  open(): Promise<void>;
}

/** Holds the writer's lease of a tenant's vectors: indexing has begun and cannot commit anything until it is opened. */
export async function closeVectors({ owner }: Pick<Core, 'owner'>, tenantId: string): Promise<Gate> {
  const resource = `vectors:${tenantId}`;
  await until(
    async () => {
      const { rowCount } = await owner.query(
        `insert into resource_leases (resource, tenant_id, holder, expires_at) values ($1, $2, 'test', 'infinity')
          on conflict do nothing`,
        [resource, tenantId],
      );
      return rowCount === 1;
    },
    { what: 'the lease' },
  );
  return {
    async open() {
      await owner.query(`delete from resource_leases where resource = $1 and holder = 'test'`, [resource]);
    },
  };
}

const gateKey = 710_001;

/** Stops index batches inside their transactions, behind the fence and before the commit, until it is opened. */
export async function closeIndexCommits({ owner, database }: Core): Promise<Gate & { hasCaught(): Promise<boolean> }> {
  await owner.query(`
    create or replace function test_gate() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(${gateKey}); return null; end $$;
    create or replace trigger test_gate before insert on knowledge_document_indexings
      for each statement execute function test_gate()`);
  const holder = new Client({ connectionString: database.ownerUrl });
  await holder.connect();
  await holder.query('select pg_advisory_lock($1)', [gateKey]);
  return {
    async hasCaught() {
      const { rows } = await owner.query(
        `select 1 from pg_locks where locktype = 'advisory' and classid = 0 and objid = $1 and not granted
          and database = (select oid from pg_database where datname = current_database())`,
        [gateKey],
      );
      return rows.length > 0;
    },
    open: () => holder.end(),
  };
}

/** Whether a throw waits for transactions that passed the fence before it. */
export async function isThrowWaiting({ owner }: Core): Promise<boolean> {
  const { rows } = await owner.query(
    `select 1 from pg_locks where locktype = 'advisory' and mode = 'ExclusiveLock' and not granted
      and database = (select oid from pg_database where datname = current_database())`,
  );
  return rows.length > 0;
}
