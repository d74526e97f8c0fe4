import { checkDatabase } from './check-roles';
import { createDatabase, type Database, type DatabaseOptions } from './database';

export interface PoolOptions extends Pick<DatabaseOptions, 'onPool'> {
  /** Names the connections at the server, as `aos-api`. */
  readonly process: string;
  readonly appUrl: string;
  readonly systemUrl: string;
  /** Connections of the pool for governed work. */
  readonly connectionsMax: number;
}

export interface Pools {
  readonly db: Database;
  /** Of its own, so that a throw never waits for a connection behind the work it stops. */
  readonly switchDb: Database;
  /** And one for the operator, so that tenants who throw much do not stand in his way. */
  readonly operatorDb: Database;
  /** Of the role that sees every tenant. */
  readonly systemDb: Database;
  /** Of that role too: a delivery holds its connection while the engine answers, or does not. */
  readonly relayDb: Database;
  close(): Promise<void>;
}

/** The pools of one process; refuses logins that may do more, or less, than they should. */
export async function openPools({ process, appUrl, systemUrl, connectionsMax, onPool }: PoolOptions): Promise<Pools> {
  const open = (url: string, part: string, max: number) =>
    createDatabase({ url, connectionsMax: max, applicationName: `${process}${part}`, ...(onPool && { onPool }) });
  const db = open(appUrl, '', connectionsMax);
  const switchDb = open(appUrl, '-switch', 2);
  const operatorDb = open(appUrl, '-operator', 1);
  const systemDb = open(systemUrl, '-system', 4);
  const relayDb = open(systemUrl, '-relay', 2);
  await checkDatabase(db, { setting: 'AOS_DATABASE_APP_URL', bypassesRls: false });
  await checkDatabase(systemDb, { setting: 'AOS_DATABASE_SYSTEM_URL', bypassesRls: true });
  const pools = { db, switchDb, operatorDb, systemDb, relayDb };
  return {
    ...pools,
    close: async () => void (await Promise.all(Object.values(pools).map((pool) => pool.destroy()))),
  };
}
