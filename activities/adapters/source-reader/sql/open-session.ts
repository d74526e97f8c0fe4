import { readFile, stat } from 'node:fs/promises';
import { Client } from 'pg';
import { refusal } from '../../../../contracts/errors';
import type { SqlConnection } from '../../../../contracts/sql-connections';
import { sqlLimits } from './limits';

export interface SqlSession {
  readonly client: Client;
  /** False when the far side has ended it. */
  isAlive(): boolean;
  /** Runs the work; when the signal aborts meanwhile, the server's side is ended too, and the abort is what is thrown. */
  underSignal<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Opens a session in a read-only transaction with one view of the data and bounded times. */
export async function openSession(connection: SqlConnection, statementTimeoutMs: number): Promise<SqlSession> {
  const settings = await clientSettings(connection);
  const client = new Client(settings);
  let alive = true;
  const end = () => {
    alive = false;
  };
  // Without a listener a connection that is lost between two pages would end the process.
  client.on('error', end).on('end', end);
  const close = async () => {
    end();
    await client.end().catch(() => {});
  };
  try {
    await client.connect();
    await begin(client, statementTimeoutMs);
  } catch (error) {
    void close();
    throw error;
  }
  return {
    client,
    close,
    isAlive: () => alive,
    async underSignal(signal, work) {
      signal.throwIfAborted();
      const onAbort = () => void endAtServer(client, settings).finally(close);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        return await work();
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
  };
}

async function begin(client: Client, statementTimeoutMs: number): Promise<void> {
  // Ends a query whose reader has died; servers that cannot look refuse the setting.
  await client.query(`set client_connection_check_interval = '5s'`).catch(() => {});
  await client.query('begin transaction isolation level repeatable read, read only');
  const settings = { ...transactionSettings, statement_timeout: String(statementTimeoutMs) };
  await client.query(
    `select set_config(name, value, true) from unnest($1::text[], $2::text[]) as settings (name, value)`,
    [Object.keys(settings), Object.values(settings)],
  );
}

const transactionSettings: Readonly<Record<string, string>> = {
  lock_timeout: String(sqlLimits.lockTimeoutMs),
  idle_in_transaction_session_timeout: String(sqlLimits.idleInTransactionTimeoutMs),
  // Values have one form whatever the server's is, and the text means what the parser took it to mean.
  datestyle: 'ISO, YMD',
  timezone: 'UTC',
  intervalstyle: 'iso_8601',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
};

// A query that runs does not notice that its client has gone; a second session of the same role may end the first.
async function endAtServer(client: Client, settings: object): Promise<void> {
  const { processID } = client as Client & { processID?: number | null };
  if (typeof processID !== 'number') return;
  const second = new Client({ ...settings, query_timeout: sqlLimits.connectTimeoutMs });
  second.on('error', () => {});
  try {
    await second.connect();
    await second.query('select pg_terminate_backend($1)', [processID]);
  } catch {
    // The server's own look at the connection, and the time-out of the statement, end it later.
  } finally {
    await second.end().catch(() => {});
  }
}

async function clientSettings({ host, port, database, user, password, passwordFile, ssl }: SqlConnection) {
  return {
    ...{ host, port, database, user },
    // An undefined one would be looked for in the environment and home folder of this process.
    password: passwordFile === undefined ? (password ?? '') : await readPassword(passwordFile),
    ssl: await tlsOptions(ssl),
    application_name: 'aos-source',
    connectionTimeoutMillis: sqlLimits.connectTimeoutMs,
    keepAlive: true,
  };
}

async function readPassword(file: string): Promise<string> {
  try {
    const { mode } = await stat(file);
    if (process.platform === 'win32' || (mode & 0o004) === 0) return (await readFile(file, 'utf8')).trimEnd();
  } catch (error) {
    throw refusal('VERIFICATION_FAILED', 'the password file of the connection cannot be read', { cause: error });
  }
  throw refusal('VERIFICATION_FAILED', 'the password file of the connection may be read by everybody: chmod o-r');
}

async function tlsOptions(ssl: SqlConnection['ssl']) {
  if (typeof ssl === 'boolean') return ssl;
  const { ca_file: caFile, verify } = ssl;
  return { rejectUnauthorized: verify, ...(caFile !== undefined && { ca: await readCertificates(caFile) }) };
}

async function readCertificates(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw refusal('VERIFICATION_FAILED', 'the certificate file of the connection cannot be read', { cause: error });
  });
}
