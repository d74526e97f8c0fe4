import { sql } from 'kysely';
import { newId } from '../ids';
import type { Database } from './database';

const leaseSeconds = 30;
const retryMs = 50;

export interface LeaseInput {
  readonly tenantId: string;
  /** What only one may write at a time. */
  readonly resource: string;
  readonly signal?: AbortSignal;
}

/**
 * Runs the work while holding the resource, waiting for another holder to finish or to be silent for 30 s. The work
 * must be short: a lease that runs out is taken by the next, and only the store's own order then decides.
 */
export async function withLease<T>(db: Database, input: LeaseInput, work: () => Promise<T>): Promise<T> {
  const holder = newId('lease_', 8);
  while (!(await take(db, input, holder))) {
    input.signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
  try {
    return await work();
  } finally {
    await release(db, input, holder);
  }
}

async function take(db: Database, { tenantId, resource }: LeaseInput, holder: string): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    await sql`select set_config('aos.tenant', ${tenantId}, true)`.execute(tx);
    const { rows } = await sql`
      insert into resource_leases as l (resource, tenant_id, holder, expires_at)
      values (${resource}, ${tenantId}, ${holder}, now() + ${leaseSeconds} * interval '1 second')
      on conflict (resource) do update set holder = excluded.holder, expires_at = excluded.expires_at
        where l.expires_at < now()
      returning 1`.execute(tx);
    return rows.length > 0;
  });
}

async function release(db: Database, { tenantId, resource }: LeaseInput, holder: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select set_config('aos.tenant', ${tenantId}, true)`.execute(tx);
    await sql`delete from resource_leases where resource = ${resource} and holder = ${holder}`.execute(tx);
  });
}
