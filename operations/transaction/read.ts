import { sql, type RawBuilder } from 'kysely';
import type { Scope, SwitchRow } from '../../contracts/switches';
import type { Database, Transaction } from './database';
import { toEngineFault } from './faults';

/** Reads as the tenant: what its row-level security shows, in one transaction that changes nothing. */
export async function readAsTenant<T>(
  db: Database,
  tenantId: string,
  read: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const tx = (await db.startTransaction().setAccessMode('read only').execute()) as Transaction;
  try {
    await sql`select set_config('aos.tenant', ${tenantId}, true)`.execute(tx);
    const result = await read(tx);
    await tx.commit().execute();
    return result;
  } catch (error) {
    if (!tx.isCommitted)
      await tx
        .rollback()
        .execute()
        .catch(() => {});
    throw error;
  }
}

/** The rows of one query, read as the tenant; throws EngineErrors. */
export async function rowsAsTenant<Row>(
  db: Database,
  tenantId: string,
  query: RawBuilder<Row>,
): Promise<readonly Row[]> {
  try {
    const { rows } = await readAsTenant(db, tenantId, (tx) => query.execute(tx));
    return rows;
  } catch (error) {
    throw toEngineFault(error);
  }
}

/** The kill switches that touch these scopes of a tenant, read without locks: a look ahead, not the guarantee. */
export async function readKills(
  db: Database,
  { tenantId, scopes }: { readonly tenantId: string; readonly scopes: readonly Scope[] },
): Promise<readonly SwitchRow[]> {
  const types = scopes.map(({ type }) => type);
  const ids = scopes.map(({ id }) => id);
  return readAsTenant(db, tenantId, async (tx) => {
    const { rows } = await sql<SwitchRow>`
      select r.switch_id as "switchId", r.kind, r.scope_type as "scopeType", coalesce(r.scope_id, '') as "scopeId",
        r.owner, r.enabled, r.epoch::float8 as epoch
      from runtime_switches r join unnest(${types}::text[], ${ids}::text[]) as u (type, id)
        on r.scope_type = u.type and coalesce(r.scope_id, '') = u.id
      where r.kind = 'kill' and (r.tenant_id is null or r.tenant_id = ${tenantId})`.execute(tx);
    return rows;
  });
}
