import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { StartError } from '../terminal';
import { postgresBinaries } from './binaries';
import { prepareCluster } from './cluster';
import { spawnIds } from './unprivileged';

export interface PostgresOptions {
  readonly folder: string;
  readonly logFile: string;
  readonly port: number;
  readonly superuserPassword: string;
  readonly durable?: boolean;
}

export interface PostgresServer {
  /** Of the superuser, on the database `postgres`. */
  readonly adminUrl: string;
  start(): ChildProcess;
  /** Returns when the started server answers. */
  ready(child: ChildProcess): Promise<void>;
}

const throwAway = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/** A Postgres of our own on the given folder: made when absent, reached over TCP on this machine only. */
export async function preparePostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { folder, logFile, port, superuserPassword, durable = true } = options;
  await mkdir(path.dirname(folder), { recursive: true });
  const binaries = await postgresBinaries();
  const runAs = await prepareCluster({ binaries, folder, superuserPassword, durable });
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    'log_timezone=UTC',
    // Until a table that fills has statistics, a row is looked for by its id among all rows of the tenant.
    'autovacuum_naptime=10s',
    ...(durable ? [] : throwAway),
  ];
  const args = ['-D', folder, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const adminUrl = `postgresql://postgres:${encodeURIComponent(superuserPassword)}@127.0.0.1:${port}/postgres`;
  return {
    adminUrl,
    start() {
      const [command, ...rest] = [...runAs.prefix, binaries.postgres, ...args];
      mkdirSync(path.dirname(logFile), { recursive: true });
      const log = openSync(logFile, 'a', 0o600);
      const child = spawn(command as string, rest, {
        ...spawnIds(runAs),
        cwd: '/',
        env: { PATH: process.env.PATH, LC_ALL: 'C' },
        stdio: ['ignore', log, log],
        detached: true,
      });
      closeSync(log);
      return child;
    },
    ready: (child) => waitUntilReady({ child, adminUrl, logFile }),
  };
}

async function waitUntilReady(server: { child: ChildProcess; adminUrl: string; logFile: string }): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    const problem = await tryConnection(server.adminUrl);
    if (problem === undefined) return;
    if (server.child.exitCode !== null || server.child.signalCode !== null) {
      throw new StartError(`Postgres did not start; its last words: ${await lastLine(server.logFile)}`);
    }
    if (problem === '28P01') {
      throw new StartError('Postgres refuses the password in secrets.json: restore that file beside its data folder.');
    }
    if (Date.now() > until) throw new StartError(`Postgres did not answer within 60 s; its log: ${server.logFile}`);
    await sleep(50);
  }
}

/** Undefined when the server answers, else the error's code. */
async function tryConnection(url: string): Promise<string | undefined> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? 'unknown';
  } finally {
    await client.end().catch(() => {});
  }
}

async function lastLine(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trim().split('\n');
  return lines.findLast((line) => /FATAL|PANIC|ERROR/.test(line)) ?? lines.at(-1) ?? '';
}
