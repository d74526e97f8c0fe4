import type { CompiledQuery } from 'kysely';
import type { Transaction } from './database';

/** Sends a statement behind those that were sent before it, whether or not they are answered. */
export type Send = <Row>(query: CompiledQuery<Row>) => Promise<readonly Row[]>;

/**
 * Statements of the transaction one behind the other, as the server works them off anyway. Through the transaction itself
 * each waits for the answer to the one before.
 */
export async function inLine(tx: Transaction): Promise<Send> {
  const executor = tx.getExecutor();
  return executor.provideConnection((connection) => {
    const own = executor.withConnectionProvider({ provideConnection: (use) => use(connection) });
    return Promise.resolve(async (query) => (await own.executeQuery(query)).rows);
  });
}

/** Whoever waits for it hears of a failure; until then nobody need. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
