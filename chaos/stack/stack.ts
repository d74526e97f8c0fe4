import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { loadStackConfig, projectRoot } from '../../config';
import { bootstrap, type BootstrapResult } from '../../scripts/bootstrap';
import { migrate } from '../../scripts/migrate';
import { childEnvironment } from '../../scripts/stack/child-environment';
import { ensureOwner } from '../../scripts/stack/database';
import { ensureKeys } from '../../scripts/stack/keys';
import { choosePort } from '../../scripts/stack/ports';
import { preparePostgres } from '../../scripts/stack/postgres/server';
import { loadSecrets } from '../../scripts/stack/secrets';
import { startDevServer, temporalReady } from '../../scripts/stack/temporal/dev-server';
import { locateTemporal } from '../../scripts/stack/temporal/locate';
import { temporalSources } from '../../scripts/stack/temporal/sources';
import { startProxy, type Proxy } from '../proxy';
import type { Draw } from '../random';
import { keep, type Death, type Environment, type Kept } from './kept';

export const applicationNames = ['api', 'worker1', 'worker2'] as const;
export type ApplicationName = (typeof applicationNames)[number];

export interface ChaosStack {
  readonly apiUrl: string;
  readonly temporalAddress: string;
  /** The owner's; straight to the server, past the proxies. */
  readonly ownerUrl: string;
  readonly owner: Pool;
  readonly keys: BootstrapResult;
  readonly processes: Readonly<Record<ApplicationName | 'postgres' | 'temporal', Kept>>;
  readonly ways: Readonly<Record<ApplicationName, { readonly postgres: Proxy; readonly temporal: Proxy }>>;
  readonly deaths: readonly Death[];
  /** Ends API and workers, who write; the servers go on to be read. */
  stopApplications(): Promise<void>;
  stop(): Promise<void>;
}

export interface ChaosStackOptions {
  readonly folder: string;
  readonly postgresFolder: string;
  readonly fileRoots: readonly string[];
  readonly draw: Draw;
  /** Settings of API and workers beyond the usual. */
  readonly environment: Environment;
}

/** Postgres, Temporal, one API and two workers from dist/, each kept running, with a proxy on every way between them. */
export async function startChaosStack(options: ChaosStackOptions): Promise<ChaosStack> {
  const dist = path.join(projectRoot(), 'dist');
  if (!existsSync(path.join(dist, 'workflow-bundle.js'))) {
    throw new Error('Build first: npm run build && npm run build:workflows');
  }
  const { folder, postgresFolder, fileRoots, draw } = options;
  const logs = path.join(folder, 'logs');
  await mkdir(logs, { recursive: true });
  const deaths: Death[] = [];
  const onDeath = (death: Death) => void deaths.push(death);
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const each of started.toReversed()) await each.stop();
  };
  try {
    const secrets = await loadSecrets(folder);
    const postgresPort = await choosePort(0, 'AOS_POSTGRES_PORT');
    const server = await preparePostgres({
      ...{ folder: postgresFolder, logFile: path.join(logs, 'postgres.log'), port: postgresPort },
      superuserPassword: secrets.superuser,
    });
    const postgres = keep({ name: 'postgres', start: server.start, ready: server.ready, onDeath });
    started.push({ stop: () => postgres.stop('SIGINT') });
    await postgres.start();
    await ensureOwner({ adminUrl: server.adminUrl, password: secrets.owner });
    const ownerUrl = `postgresql://aos_owner:${secrets.owner}@127.0.0.1:${postgresPort}/aos`;
    const { appUrl, systemUrl } = await migrate({ ownerUrl, dataDir: folder });
    const keys = await bootstrap({ ownerUrl });
    if (keys === null) throw new Error('the database was not empty');

    const temporalPort = await choosePort(0, 'AOS_TEMPORAL_PORT');
    const temporalOptions = {
      binary: await locateTemporal(temporalSources({ say: () => {} }), { say: () => {} }),
      ...{ port: temporalPort, namespace: 'default', logFile: path.join(logs, 'temporal.log') },
      databaseFile: path.join(folder, 'temporal/temporal.db'),
    };
    const temporal = keep({
      name: 'temporal',
      start: () => startDevServer(temporalOptions),
      ready: (child) => temporalReady(child, temporalOptions),
      onDeath,
    });
    started.push({ stop: () => temporal.stop('SIGTERM') });
    await temporal.start();

    const apiPort = await choosePort(0, 'AOS_API_PORT');
    const config = {
      ...loadStackConfig({ AOS_DATA_DIR: folder, AOS_FILE_ROOTS: fileRoots.join(':') }),
      apiPort,
    };
    await ensureKeys(config);
    const apiUrl = `http://127.0.0.1:${apiPort}`;

    const applications = {} as Record<ApplicationName, Kept>;
    const ways = {} as Record<ApplicationName, { postgres: Proxy; temporal: Proxy }>;
    for (const name of applicationNames) {
      const way = {
        postgres: await startProxy(`${name} to Postgres`, postgresPort, draw.stream(`${name}/postgres`)),
        temporal: await startProxy(`${name} to Temporal`, temporalPort, draw.stream(`${name}/temporal`)),
      };
      started.push({ stop: () => Promise.all([way.postgres.close(), way.temporal.close()]).then(() => {}) });
      ways[name] = way;
      const kind = name === 'api' ? 'api' : 'worker';
      const environment = childEnvironment(kind, {
        config,
        ...{ apiPort, metricsPort: 0 },
        appUrl: through(appUrl, way.postgres.port),
        systemUrl: through(systemUrl, way.postgres.port),
        temporalAddress: `127.0.0.1:${way.temporal.port}`,
        environment: { ...process.env, ...options.environment },
      });
      applications[name] = keep({
        name,
        start: (extra) => startProgram(dist, { name, kind, environment: { ...environment, ...extra } }, logs),
        ready: (child) => (kind === 'api' ? answers(child, `${apiUrl}/healthz`) : sleep(0)),
        onDeath,
      });
      const kept = applications[name];
      started.push({ stop: () => kept.stop('SIGTERM') });
    }
    await Promise.all(applicationNames.map((name) => applications[name].start()));
    await untilAllReady(apiUrl);

    const owner = new Pool({ connectionString: ownerUrl, max: 4, connectionTimeoutMillis: 5_000 });
    owner.on('error', () => {});
    started.push({ stop: () => owner.end() });
    return {
      ...{ apiUrl, temporalAddress: `127.0.0.1:${temporalPort}`, ownerUrl, owner, keys, ways, deaths, stop },
      processes: { ...applications, postgres, temporal },
      stopApplications: async () => {
        await Promise.all(applicationNames.map((name) => applications[name].stop('SIGTERM')));
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function through(url: string, port: number): string {
  const way = new URL(url);
  way.port = String(port);
  return way.toString();
}

interface Program {
  readonly name: string;
  readonly kind: 'api' | 'worker';
  readonly environment: NodeJS.ProcessEnv;
}

function startProgram(dist: string, { name, kind, environment }: Program, logs: string): ChildProcess {
  mkdirSync(logs, { recursive: true });
  const log = openSync(path.join(logs, `${name}.log`), 'a', 0o600);
  const program = path.join(dist, kind === 'api' ? 'api/server.js' : 'worker.js');
  const child = spawn(process.execPath, ['--enable-source-maps', program], {
    cwd: path.dirname(dist),
    env: environment,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const die = () => child.kill('SIGKILL');
  process.once('exit', die);
  child.once('close', () => process.off('exit', die));
  return child;
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error(`${url} does not answer: its process has ended`);
}

/** Everything that `/readyz` asks for: servers, migrations, and a worker on each queue. */
export async function untilAllReady(apiUrl: string, limitMs = 120_000): Promise<void> {
  const until = Date.now() + limitMs;
  let last = 'no answer';
  for (;;) {
    const response = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(10_000) }).catch((error: Error) => {
      last = String(error.cause ?? error);
    });
    if (response?.status === 200) return;
    if (response) last = await response.text();
    if (Date.now() > until) throw new Error(`the installation is not ready after ${limitMs / 1000} s: ${last}`);
    await sleep(250);
  }
}
