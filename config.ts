import { existsSync } from 'node:fs';
import path from 'node:path';
import type { z } from 'zod';
import { readOidcIssuers } from './oidc-issuers';
import { ConfigError, readSettings, setting, type Environment } from './read-settings';
import { common, door, evidence, listen, logins, metrics, outside, versioning } from './setting-groups';
import { file, port, postgresUrl } from './setting-kinds';
import { readSqlConnections } from './sql-connections';
import { readStdioServers } from './stdio-servers';
import { namesTemporal, temporalSettings } from './temporal-settings';

export { ConfigError, type Environment } from './read-settings';

export type StackConfig = ReturnType<typeof loadStackConfig>;
export type ApiConfig = ReturnType<typeof loadApiConfig>;
export type WorkerConfig = ReturnType<typeof loadWorkerConfig>;

/** What `npm start` reads: every port, and whose servers to use. */
export function loadStackConfig(environment: Environment = process.env) {
  const env = readSettings(
    {
      ...common,
      ...listen,
      ...metrics,
      ...versioning,
      ...outside,
      ...evidence,
      AOS_DATABASE_APP_URL: postgresUrl.optional(),
      AOS_DATABASE_SYSTEM_URL: postgresUrl.optional(),
      AOS_TEMPORAL_PORT: port(7233),
      AOS_TEMPORAL_UI_PORT: port(8233),
      AOS_POSTGRES_PORT: port(5433),
      AOS_OIDC_ISSUERS_FILE: file.optional(),
      DATABASE_URL: postgresUrl.optional(),
    },
    environment,
  );
  if (env.AOS_WORKER_VERSIONING === 'on') {
    throw new ConfigError('AOS_WORKER_VERSIONING must be off for npm start, which replaces its one worker in place.');
  }
  return {
    ...shared(env),
    apiHost: env.AOS_API_HOST,
    apiPort: env.AOS_API_PORT,
    temporalPort: env.AOS_TEMPORAL_PORT,
    temporalUiPort: env.AOS_TEMPORAL_UI_PORT,
    postgresPort: env.AOS_POSTGRES_PORT,
    metricsHost: env.AOS_WORKER_METRICS_HOST,
    metricsPort: env.AOS_WORKER_METRICS_PORT,
    databaseUrl: env.DATABASE_URL,
    databaseAppUrl: env.AOS_DATABASE_APP_URL,
    databaseSystemUrl: env.AOS_DATABASE_SYSTEM_URL,
    ...outsideSettings(env),
    ...evidenceSettings(env),
    // Read by the worker, the second by the API too, the last by the API alone; looked at here so that a wrong one ends the start.
    sqlConnectionsFile: sqlConnections(env).file,
    stdioServersFile: stdioServers(env).file,
    oidcIssuersFile: oidcIssuers(env).file,
    temporal: namesTemporal(environment) ? temporalSettings(environment) : undefined,
    temporalNamespace: setting(environment, 'TEMPORAL_NAMESPACE') ?? 'default',
  };
}

/** What the API process reads. */
export function loadApiConfig(environment: Environment = process.env) {
  const env = readSettings(
    {
      ...common,
      ...listen,
      ...door,
      ...outside,
      ...evidence,
      ...logins,
      AOS_DATABASE_DIRECT_URL: postgresUrl.optional(),
    },
    environment,
  );
  return {
    ...shared(env),
    rates: { key: env.AOS_RATE_LIMIT_KEY, tenant: env.AOS_RATE_LIMIT_TENANT },
    trustProxy: env.AOS_TRUST_PROXY,
    mcpHosts: env.AOS_MCP_HOSTS,
    oidcIssuers: oidcIssuers(env).content,
    apiHost: env.AOS_API_HOST,
    apiPort: env.AOS_API_PORT,
    databaseAppUrl: env.AOS_DATABASE_APP_URL,
    databaseSystemUrl: env.AOS_DATABASE_SYSTEM_URL,
    /** Where a pooler stands before the database, the way round it for LISTEN. */
    databaseDirectUrl: env.AOS_DATABASE_DIRECT_URL,
    ...outsideSettings(env),
    // Questions are short, and each thread holds the model for itself.
    embedderThreads: env.AOS_EMBEDDER_THREADS ?? 1,
    stdioServers: stdioServers(env).content,
    sealLagSecondsMax: evidenceSettings(env).sealLagSecondsMax,
    temporal: temporalSettings(environment),
  };
}

/** What the worker process reads. */
export function loadWorkerConfig(environment: Environment = process.env) {
  const env = readSettings(
    {
      ...common,
      ...metrics,
      ...versioning,
      ...outside,
      ...evidence,
      ...logins,
      AOS_DATABASE_DIRECT_URL: postgresUrl.optional(),
    },
    environment,
  );
  return {
    ...shared(env),
    databaseAppUrl: env.AOS_DATABASE_APP_URL,
    databaseSystemUrl: env.AOS_DATABASE_SYSTEM_URL,
    /** Where a pooler stands before the database, the way round it for LISTEN. */
    databaseDirectUrl: env.AOS_DATABASE_DIRECT_URL,
    ...outsideSettings(env),
    ...evidenceSettings(env),
    metricsHost: env.AOS_WORKER_METRICS_HOST,
    /** Undefined: no page. */
    metricsPort: env.AOS_WORKER_METRICS_PORT,
    /** Undefined: the worker takes whatever lies in its queues. */
    versioning: env.AOS_WORKER_VERSIONING === 'on' ? { buildId: env.AOS_WORKER_BUILD_ID } : undefined,
    sqlConnections: sqlConnections(env).content,
    stdioServers: stdioServers(env).content,
    temporal: temporalSettings(environment),
  };
}

/** What the migrate step reads: the only place that holds the owner's URL. */
export function loadMigrateConfig(environment: Environment = process.env) {
  const env = readSettings(
    {
      ...common,
      DATABASE_URL: postgresUrl,
      AOS_DATABASE_APP_URL: postgresUrl.optional(),
      AOS_DATABASE_SYSTEM_URL: postgresUrl.optional(),
    },
    environment,
  );
  return {
    ...shared(env),
    databaseUrl: env.DATABASE_URL,
    databaseAppUrl: env.AOS_DATABASE_APP_URL,
    databaseSystemUrl: env.AOS_DATABASE_SYSTEM_URL,
  };
}

function shared(env: z.infer<z.ZodObject<typeof common>>) {
  return { dataDir: env.AOS_DATA_DIR, logLevel: env.AOS_LOG_LEVEL };
}

type OutsideSettings = z.infer<z.ZodObject<typeof outside>>;

function outsideSettings(env: z.infer<z.ZodObject<typeof common>> & OutsideSettings) {
  const { AOS_EMBEDDER_URL: embedderUrl, AOS_EMBEDDER_MODEL: model } = env;
  if (embedderUrl !== undefined && model === undefined) {
    throw new ConfigError('AOS_EMBEDDER_MODEL must be set when AOS_EMBEDDER_URL is.');
  }
  return {
    fileRoots: env.AOS_FILE_ROOTS ?? [path.join(projectRoot(), 'examples')],
    egressAllow: env.AOS_EGRESS_ALLOW,
    masterKeyFile: env.AOS_MASTER_KEY_FILE ?? path.join(env.AOS_DATA_DIR, 'keys/master.key'),
    signingKeyFile: env.AOS_SIGNING_KEY_FILE ?? path.join(env.AOS_DATA_DIR, 'keys/signing.pem'),
    embedder:
      embedderUrl === undefined || model === undefined
        ? undefined
        : { url: embedderUrl, model, apiKey: env.AOS_EMBEDDER_API_KEY, dimension: env.AOS_EMBEDDER_DIMENSION },
    embedderThreads: env.AOS_EMBEDDER_THREADS,
    taskQueue: env.AOS_TASK_QUEUE,
    testBarrier: env.AOS_TEST_BARRIER,
  };
}

function evidenceSettings(env: z.infer<z.ZodObject<typeof common & typeof evidence>>) {
  const places = env.AOS_CHECKPOINT_COPIES;
  return {
    sealLagSecondsMax: env.AOS_SEAL_LAG_MAX_SECONDS ?? 30,
    /** Undefined: no copy there. */
    checkpointDir: places.includes('folder')
      ? (env.AOS_CHECKPOINT_DIR ?? path.join(env.AOS_DATA_DIR, 'checkpoints'))
      : undefined,
    checkpointObjects: places.includes('objects'),
    checkpointWebhookUrl: env.AOS_CHECKPOINT_WEBHOOK_URL,
  };
}

function sqlConnections({ AOS_SQL_CONNECTIONS_FILE: file }: OutsideSettings) {
  return readNamedFile('AOS_SQL_CONNECTIONS_FILE', file, readSqlConnections, {});
}

function stdioServers({ AOS_STDIO_SERVERS_FILE: file }: OutsideSettings) {
  return readNamedFile('AOS_STDIO_SERVERS_FILE', file, readStdioServers, {});
}

function oidcIssuers({ AOS_OIDC_ISSUERS_FILE: file, AOS_EGRESS_ALLOW: allowed }: OidcSettings) {
  return readNamedFile('AOS_OIDC_ISSUERS_FILE', file, (name) => readOidcIssuers(name, allowed), []);
}
type OidcSettings = Pick<OutsideSettings, 'AOS_EGRESS_ALLOW'> & { AOS_OIDC_ISSUERS_FILE?: string | undefined };

interface NamedFile<T> {
  readonly file: string | undefined;
  readonly content: T;
}

function readNamedFile<T>(name: string, file: string | undefined, read: (file: string) => T, none: T): NamedFile<T> {
  if (file === undefined) return { file, content: none };
  try {
    return { file, content: read(file) };
  } catch (error) {
    throw new ConfigError(`${name} ${(error as Error).message}.`);
  }
}

/** The same file runs from the sources and from dist/. */
export function projectRoot(): string {
  return existsSync(path.join(__dirname, 'package.json')) ? __dirname : path.dirname(__dirname);
}
