import { sql } from 'kysely';
import type { ExecutionContext } from '../../contracts/execution-context';
import type { SwitchRow } from '../../contracts/switches';
import type { Database, Transaction } from './database';

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

/** The switch rows that touch the context's work, read without locks: a look ahead, not the guarantee. */
export async function readSwitches(db: Database, context: ExecutionContext): Promise<readonly SwitchRow[]> {
  const { tenantId, planeId, runId, ancestorRunIds = [] } = context;
  return readAsTenant(db, tenantId, async (tx) => {
    const { rows } = await sql<SwitchRow>`
      select switch_id as "switchId", kind, scope_type as "scopeType", coalesce(scope_id, '') as "scopeId", owner,
        enabled, epoch::float8 as epoch
      from runtime_switches
      where scope_type = 'global' or (scope_type = 'tenant' and scope_id = ${tenantId})
        or (scope_type = 'plane' and scope_id = ${planeId ?? ''}) or (scope_type = 'run' and scope_id = any(${[...ancestorRunIds, runId]}::text[]))`.execute(
      tx,
    );
    return rows;
  });
}
