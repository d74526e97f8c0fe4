import { Kysely, PostgresDialect, type ControlledTransaction } from 'kysely';
import { Pool, types } from 'pg';
import type { DB } from '../../prisma/generated/database';
import { PipeliningClient } from './pipelining-client';

export type Database = Kysely<DB>;
export type Transaction = ControlledTransaction<DB, string[]>;

export interface DatabaseOptions {
  readonly url: string;
  /** Connections of this pool at most. */
  readonly connectionsMax: number;
  readonly applicationName: string;
  /** Whoever counts connections. */
  readonly onPool?: (pool: Pool, name: string) => void;
}

/** One pool; `destroy()` ends it. Counters and sequences are 64 bits wide and arrive as strings. */
export function createDatabase({ url, connectionsMax, applicationName, onPool }: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString: url,
    max: connectionsMax,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    types: { getTypeParser: types.getTypeParser },
    Client: PipeliningClient,
    pipeline: true,
  });
  // A connection that the server closes must not end the process, neither in the pool nor between two statements of a
  // transaction, where only the client itself hears of it. The next statement fails, the next use gets a new one.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  onPool?.(pool, applicationName);
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}
