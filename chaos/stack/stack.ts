import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { loadStackConfig } from '../../config';
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
import { readBuildId } from '../../worker-deployment';
import { startProxy, type Proxy } from '../proxy';
import type { PlantedSecrets } from '../secrets';
import type { Draw } from '../random';
import { createDeployment, type Deployment } from './deployment';
import { keep, type Death, type Environment, type Kept } from './kept';
import { thisVersion, type Version } from './next-version';
import { answers, startProgram, untilAllReady } from './programs';
import { makeSourceDatabase } from './source-database';

export const applicationNames = ['api', 'worker1', 'worker2'] as const;
export type ApplicationName = (typeof applicationNames)[number];
export const workerNames = ['worker1', 'worker2'] as const;

export type VersionName = 'this' | 'next';

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
  /** From its next life on the application is of that version. */
  install(name: ApplicationName, version: VersionName): void;
  readonly buildIds: Readonly<Record<VersionName, string>>;
  /** Undefined where workers have no versions and are replaced in place. */
  readonly deployment: Deployment | undefined;
  /** Ends API and workers, who write; the servers go on to be read. */
  stopApplications(): Promise<void>;
  stop(): Promise<void>;
}

export interface ChaosStackOptions {
  readonly folder: string;
  readonly postgresFolder: string;
  readonly fileRoots: readonly string[];
  readonly draw: Draw;
  readonly secrets: PlantedSecrets;
  /** Told when Postgres has ended and will come back, and before it does. */
  readonly onPostgresAway: (isOver: boolean) => void;
  /** The version that may be brought in; the one of this folder where there is none. */
  readonly next: Version;
  readonly isVersioned: boolean;
  /** Settings of API and workers beyond the usual. */
  readonly environment: Environment;
}

/** Postgres, Temporal, one API and two workers from dist/, each kept running, with a proxy on every way between them. */
export async function startChaosStack(options: ChaosStackOptions): Promise<ChaosStack> {
  const versions: Record<VersionName, Version> = { this: thisVersion(), next: options.next };
  const { folder, postgresFolder, fileRoots, draw, isVersioned } = options;
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
    const { start, ready } = server;
    const postgres = keep({ name: 'postgres', start, ready, onDeath, onAway: options.onPostgresAway });
    started.push({ stop: () => postgres.stop('SIGINT') });
    await postgres.start();
    await ensureOwner({ adminUrl: server.adminUrl, password: secrets.owner });
    const ownerUrl = `postgresql://aos_owner:${secrets.owner}@127.0.0.1:${postgresPort}/aos`;
    const { appUrl, systemUrl } = await migrate({ ownerUrl, dataDir: folder });
    const keys = await bootstrap({ ownerUrl });
    if (keys === null) throw new Error('the database was not empty');

    const connectionsFile = await makeSourceDatabase({ adminUrl: server.adminUrl, folder }, options.secrets);

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
      ...loadStackConfig({
        ...{ AOS_DATA_DIR: folder, AOS_FILE_ROOTS: fileRoots.join(':') },
        AOS_SQL_CONNECTIONS_FILE: connectionsFile,
      }),
      apiPort,
    };
    await ensureKeys(config);
    const apiUrl = `http://127.0.0.1:${apiPort}`;

    const installed: Record<ApplicationName, VersionName> = { api: 'this', worker1: 'this', worker2: 'this' };
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
      const own = childEnvironment(kind, {
        config,
        ...{ apiPort, metricsPort: 0 },
        appUrl: through(appUrl, way.postgres.port),
        systemUrl: through(systemUrl, way.postgres.port),
        temporalAddress: `127.0.0.1:${way.temporal.port}`,
        environment: { ...process.env, ...options.environment },
      });
      const environment = { ...own, ...(isVersioned && kind === 'worker' && { AOS_WORKER_VERSIONING: 'on' }) };
      applications[name] = keep({
        name,
        start: (extra) =>
          startProgram(versions[installed[name]].dist, { name, kind, environment: { ...environment, ...extra } }, logs),
        ready: (child) => (kind === 'api' ? answers(child, `${apiUrl}/healthz`) : sleep(0)),
        onDeath,
      });
      const kept = applications[name];
      started.push({ stop: () => kept.stop('SIGTERM') });
    }
    await Promise.all(applicationNames.map((name) => applications[name].start()));
    const buildIds = { this: readBuildId(versions.this.bundle), next: readBuildId(versions.next.bundle) };
    const address = `127.0.0.1:${temporalPort}`;
    const deployment = isVersioned
      ? createDeployment({ address, namespace: config.temporalNamespace, name: config.taskQueue })
      : undefined;
    if (deployment !== undefined) started.push({ stop: () => deployment.close() });
    await deployment?.makeCurrent(buildIds.this);
    await untilAllReady(apiUrl);

    const owner = new Pool({ connectionString: ownerUrl, max: 4, connectionTimeoutMillis: 5_000 });
    owner.on('error', () => {});
    started.push({ stop: () => owner.end() });
    return {
      ...{ apiUrl, temporalAddress: address, ownerUrl, owner, keys, ways, deaths, buildIds, deployment, stop },
      install: (name, version) => void (installed[name] = version),
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
