import { sql } from 'kysely';
import { EngineError } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import type { EnforcementMode } from '../../contracts/modes';
import { isRole, type Role } from '../../contracts/roles';

import type { Database, Transaction } from './database';

export interface Grants {
  readonly roles: readonly Role[];
  /** Of an actor that acts for somebody else: what that one may do at this moment, which bounds it. */
  readonly ceiling: readonly Role[] | undefined;
  readonly tenantStatus: string;
  readonly mode: EnforcementMode;
}

/** Bounds every governed transaction, so that a barrier waits no longer than this. */
export const transactionTimeoutMs = 5_000;

export interface OpenTransaction {
  readonly tx: Transaction;
  readonly grants: Grants;
  /** Set when the fence was passed, or an exemption claimed; a commit without either is refused. */
  passed: boolean;
}

/**
 * Runs the work in one transaction bound to the context's tenant, READ COMMITTED, with the actor's grants of this
 * moment, and the mode in which the operation is to run. It commits when the work returns, and rolls back when it throws.
 */
export async function inTransaction<T>(
  db: Database,
  context: ExecutionContext,
  work: (open: OpenTransaction) => Promise<T>,
  operation = '',
): Promise<T> {
  const tx = (await db.startTransaction().setIsolationLevel('read committed').execute()) as Transaction;
  try {
    const open: OpenTransaction = { tx, grants: await begin(tx, context, operation), passed: false };
    const result = await work(open);
    if (!open.passed) throw new Error('a governed transaction must pass the fence before it commits');
    await tx.commit().execute();
    return result;
  } catch (error) {
    if (!tx.isCommitted) await rollBack(tx);
    throw error;
  }
}

interface BeginRow {
  readonly roles: string[];
  readonly ceiling: string[] | null;
  readonly tenant_status: string;
  readonly enforcement_mode: string;
  readonly isolation: string;
}

async function begin(tx: Transaction, { tenantId, actor }: ExecutionContext, operation: string): Promise<Grants> {
  const credential = actor.keyId ?? actor.tokenGrantId ?? null;
  const { rows } = await sql<BeginRow>`select * from
    aos_begin(${tenantId}, ${actor.id}, ${credential}, ${transactionTimeoutMs}, ${operation})`.execute(tx);
  const [row] = rows;
  if (row === undefined) throw new EngineError('authentication_failed', 'the tenant does not exist');
  if (row.isolation !== 'read committed')
    throw new Error(`isolation is ${row.isolation}: the fence needs read committed`);
  return {
    roles: actor.type === 'system' ? ['system'] : row.roles.filter(isRole),
    ceiling: row.ceiling?.filter(isRole),
    tenantStatus: row.tenant_status,
    mode: row.enforcement_mode as EnforcementMode,
  };
}

// The connection may be gone already; what matters is the first error.
async function rollBack(tx: Transaction): Promise<void> {
  try {
    await tx.rollback().execute();
  } catch {
    // The server rolls back by itself when the connection has ended.
  }
}
