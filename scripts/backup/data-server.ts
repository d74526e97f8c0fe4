import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { endProcess } from '../stack/child-process';
import { lockDataDir } from '../stack/lock';
import { choosePort } from '../stack/ports';
import { endLeftoverServer } from '../stack/postgres/leftover';
import { preparePostgres } from '../stack/postgres/server';
import { commandLine, identify } from '../stack/process-identity';
import { loadSecrets } from '../stack/secrets';
import { StartError } from '../stack/terminal';

/** The embedded Postgres of a data folder, for as long as it is needed. */
export interface DataServer {
  /** Of the superuser. */
  url(database: 'postgres' | 'aos'): string;
  /** A session of the superuser. */
  connect(database: 'postgres' | 'aos'): Promise<Client>;
  release(): Promise<void>;
}

/** The server that runs on this data already, or one that is started on it, while nobody else may start. */
export async function useDataServer(dataDir: string): Promise<DataServer> {
  const { superuser } = await loadSecrets(dataDir);
  const folder = path.join(dataDir, 'postgres');
  const runningPort = await portInUse(folder);
  if (runningPort !== undefined) return { ...access(runningPort, superuser), release: async () => {} };

  const unlock = await lockDataDir(dataDir);
  try {
    await endLeftoverServer(folder);
    const port = await choosePort(0, 'AOS_POSTGRES_PORT');
    const logFile = path.join(dataDir, 'logs/postgres.log');
    const server = await preparePostgres({ folder, logFile, port, superuserPassword: superuser });
    const child = server.start();
    const identity = identify(child.pid ?? 0);
    const release = async () => {
      if (identity !== undefined) await endProcess(identity, { signal: 'SIGINT', deadlineMs: 20_000 });
      await unlock();
    };
    await server.ready(child).catch(async (error: unknown) => {
      await release();
      throw error;
    });
    return { ...access(port, superuser), release };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function portInUse(folder: string): Promise<number | undefined> {
  const content = await readFile(path.join(folder, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid, , , port] = content.split('\n');
  const identity = identify(Number(pid ?? 0));
  return identity !== undefined && commandLine(identity.pid).includes(folder) ? Number(port) : undefined;
}

function access(port: number, password: string): Pick<DataServer, 'url' | 'connect'> {
  const url: DataServer['url'] = (database) =>
    `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  const connect: DataServer['connect'] = async (database) => {
    const client = new Client({
      connectionString: url(database),
      connectionTimeoutMillis: 10_000,
      application_name: 'aos-backup',
    });
    // The loss of a session is told by the query in hand.
    client.on('error', () => {});
    await client.connect().catch((error: Error) => {
      throw new StartError(`The embedded database runs on port ${port} and does not answer: ${error.message}.`);
    });
    return client;
  };
  return { url, connect };
}
