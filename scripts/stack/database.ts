import path from 'node:path';
import { Client } from 'pg';
import { choosePort } from './ports';
import { endLeftoverServer } from './postgres/leftover';
import { preparePostgres } from './postgres/server';
import type { Secrets } from './secrets';
import { supervise, type Supervised, type SuperviseOptions } from './supervise';

export interface Database {
  /** The owner's, on our database. */
  readonly ownerUrl: string;
  readonly server: Supervised;
}

/** Starts the embedded Postgres with a database `aos` that belongs to the role `aos_owner`. */
export async function startDatabase(
  { port: wanted, secrets }: { port: number; secrets: Secrets },
  options: SuperviseOptions,
): Promise<Database> {
  const { dataDir, say } = options;
  const folder = path.join(dataDir, 'postgres');
  if (await endLeftoverServer(folder)) say('Postgres: ended the server that an earlier start left running');
  const port = await choosePort(wanted, 'AOS_POSTGRES_PORT');
  const logFile = path.join(dataDir, 'logs/postgres.log');
  const postgres = await preparePostgres({ folder, logFile, port, superuserPassword: secrets.superuser });
  const server = await supervise(
    // SIGINT is the fast stop: it ends sessions, and writes everything down.
    { name: 'postgres', start: postgres.start, ready: postgres.ready, stopSignal: 'SIGINT', stopDeadlineMs: 20_000 },
    options,
  );
  try {
    await ensureOwner({ adminUrl: postgres.adminUrl, password: secrets.owner });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ownerUrl: `postgresql://aos_owner:${secrets.owner}@127.0.0.1:${port}/aos`, server };
}

/** The role and the database exist afterwards, also when an earlier start was killed between the two. */
export async function ensureOwner({ adminUrl, password }: { adminUrl: string; password: string }): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ role: boolean; base: boolean }>(`
      select exists (select from pg_roles where rolname = 'aos_owner') as role,
             exists (select from pg_database where datname = 'aos') as base`);
    const [found] = rows;
    const verb = found?.role ? 'alter' : 'create';
    const attributes = `login createrole bypassrls password ${client.escapeLiteral(password)}`;
    await client.query(`${verb} role aos_owner ${attributes}`);
    if (!found?.base) await client.query('create database aos owner aos_owner');
  } finally {
    await client.end();
  }
}
