import { sql } from 'kysely';
import { EngineError } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import type { EnforcementMode } from '../../contracts/modes';
import { isRole, type Role } from '../../contracts/roles';
import type { Database, Transaction } from './database';
import { inLine, quiet, type Send } from './in-line';

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

/** What is asked for behind the beginning without waiting for its answer. It may have read for somebody who is refused then. */
export interface Ahead {
  /** Resolves when all of it is answered, however. */
  settled(): Promise<unknown>;
}

export interface AheadWork<A extends Ahead | undefined, T> {
  readonly operation: string;
  readonly ahead: (tx: Transaction, send: Send) => A;
  readonly work: (open: OpenTransaction, asked: A) => Promise<T>;
}

/**
 * Runs the work in one transaction bound to the context's tenant, READ COMMITTED, with the actor's grants of this
 * moment, and the mode in which the operation is to run. It commits when the work returns, and rolls back when it throws.
 */
export async function inTransaction<T>(
  db: Database,
  context: ExecutionContext,
  work: (open: OpenTransaction) => Promise<T>,
): Promise<T> {
  return inTransactionAhead(db, context, { operation: '', ahead: () => undefined, work });
}

export async function inTransactionAhead<A extends Ahead | undefined, T>(
  db: Database,
  context: ExecutionContext,
  { operation, ahead, work }: AheadWork<A, T>,
): Promise<T> {
  const tx = (await db.startTransaction().setIsolationLevel('read committed').execute()) as Transaction;
  let asked: A | undefined;
  try {
    const send = await inLine(tx);
    const beginning = quiet(begin(tx, send, context, operation));
    const sent = ahead(tx, send);
    asked = sent;
    const open: OpenTransaction = { tx, grants: await beginning, passed: false };
    const result = await work(open, sent);
    if (!open.passed) throw new Error('a governed transaction must pass the fence before it commits');
    await tx.commit().execute();
    return result;
  } catch (error) {
    await asked?.settled();
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

async function begin(
  tx: Transaction,
  send: Send,
  { tenantId, actor }: ExecutionContext,
  operation: string,
): Promise<Grants> {
  const credential = actor.keyId ?? actor.tokenGrantId ?? null;
  const query = sql<BeginRow>`select * from
    aos_begin(${tenantId}, ${actor.id}, ${credential}, ${transactionTimeoutMs}, ${operation})`;
  const [row] = await send(query.compile(tx));
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
