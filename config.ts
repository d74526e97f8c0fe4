import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import ipaddr from 'ipaddr.js';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { SqlConnections } from './contracts/sql-connections';
import { readSqlConnections } from './sql-connections';
import { rateDefaults } from './contracts/rate-limits';
import { anyPort, port, count, postgresUrl, httpUrl, folder, list, hostAndPort, rate } from './setting-kinds';

/** A missing or wrong setting. The message is one sentence that names the variable; processes print it and leave. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type Environment = Readonly<Record<string, string | undefined>>;
type ConnectionOptions = ClientConnectConfig['connectionOptions'] & { address: string };
type Shape = Record<string, z.ZodType>;

const common = {
  AOS_DATA_DIR: folder('.aos'),
  AOS_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      message: 'must be one of trace, debug, info, warn, error, fatal, silent',
    })
    .default('info'),
};

const listen = {
  AOS_API_HOST: z.string().default('127.0.0.1'),
  AOS_API_PORT: port(7080),
};

const metrics = {
  AOS_WORKER_METRICS_HOST: z.string().default('127.0.0.1'),
  AOS_WORKER_METRICS_PORT: anyPort.optional(),
};

const versioning = {
  AOS_WORKER_VERSIONING: z.enum(['on', 'off'], { message: 'must be on or off' }).default('off'),
  AOS_WORKER_BUILD_ID: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, hyphens or underscores')
    .optional(),
};

const outside = {
  AOS_FILE_ROOTS: z
    .string()
    .transform((value) => list(':')(value).map((root) => path.resolve(root)))
    .optional(),
  AOS_EGRESS_ALLOW: z
    .string()
    .transform(list(','))
    .refine((entries) => entries.every((entry) => Number(hostAndPort.exec(entry)?.[2] ?? 65_536) <= 65_535), {
      message: 'must be a comma-separated list of host:port',
    })
    .default([]),
  AOS_SQL_CONNECTIONS_FILE: z
    .string()
    .transform((value) => path.resolve(value))
    .optional(),
  AOS_MASTER_KEY_FILE: z
    .string()
    .transform((value) => path.resolve(value))
    .optional(),
  AOS_SIGNING_KEY_FILE: z
    .string()
    .transform((value) => path.resolve(value))
    .optional(),
  AOS_EMBEDDER_URL: httpUrl.optional(),
  AOS_EMBEDDER_MODEL: z.string().optional(),
  AOS_EMBEDDER_API_KEY: z.string().optional(),
  AOS_EMBEDDER_DIMENSION: count(65_536),
  AOS_EMBEDDER_THREADS: count(64),
  AOS_TASK_QUEUE: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'must be 1 to 64 lower-case letters, digits or hyphens')
    .default('aos'),
  AOS_TEST_BARRIER: z.string().optional(),
};

const evidence = {
  AOS_CHECKPOINT_DIR: z
    .string()
    .transform((value) => path.resolve(value))
    .optional(),
  AOS_CHECKPOINT_COPIES: z
    .string()
    .transform(list(','))
    .refine((names) => names.every((name) => ['folder', 'objects', 'none'].includes(name)), {
      message: 'must be folder, objects, both with a comma between, or none',
    })
    .default(['folder']),
  AOS_CHECKPOINT_WEBHOOK_URL: httpUrl.optional(),
  AOS_SEAL_LAG_MAX_SECONDS: count(86_400),
};

const proxyNames = new Set(['loopback', 'linklocal', 'uniquelocal']);
const isProxy = (entry: string) => proxyNames.has(entry) || ipaddr.isValid(entry) || ipaddr.isValidCIDR(entry);

const door = {
  AOS_RATE_LIMIT_KEY: rate(rateDefaults.key),
  AOS_RATE_LIMIT_TENANT: rate(rateDefaults.tenant),
  AOS_TRUST_PROXY: z
    .string()
    .transform((value): number | readonly string[] => (/^\d{1,2}$/.test(value) ? Number(value) : list(',')(value)))
    .refine((value) => typeof value === 'number' || value.every(isProxy), {
      message: 'must be a number of proxies, or addresses, networks, loopback, linklocal, uniquelocal',
    })
    .default([]),
};

const logins = { AOS_DATABASE_APP_URL: postgresUrl, AOS_DATABASE_SYSTEM_URL: postgresUrl };

export type StackConfig = ReturnType<typeof loadStackConfig>;
export type ApiConfig = ReturnType<typeof loadApiConfig>;
export type WorkerConfig = ReturnType<typeof loadWorkerConfig>;

/** What `npm start` reads: every port, and whose servers to use. */
export function loadStackConfig(environment: Environment = process.env) {
  const env = parse(
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
    // Read by the worker; looked at here so that a wrong one ends the start.
    sqlConnectionsFile: checkedSqlConnections(env.AOS_SQL_CONNECTIONS_FILE).file,
    temporal: namesTemporal(environment) ? temporalSettings(environment) : undefined,
    temporalNamespace: setting(environment, 'TEMPORAL_NAMESPACE') ?? 'default',
  };
}

/** What the API process reads. */
export function loadApiConfig(environment: Environment = process.env) {
  const env = parse({ ...common, ...listen, ...door, ...outside, ...evidence, ...logins }, environment);
  return {
    ...shared(env),
    rates: { key: env.AOS_RATE_LIMIT_KEY, tenant: env.AOS_RATE_LIMIT_TENANT },
    trustProxy: env.AOS_TRUST_PROXY,
    apiHost: env.AOS_API_HOST,
    apiPort: env.AOS_API_PORT,
    databaseAppUrl: env.AOS_DATABASE_APP_URL,
    databaseSystemUrl: env.AOS_DATABASE_SYSTEM_URL,
    ...outsideSettings(env),
    sealLagSecondsMax: evidenceSettings(env).sealLagSecondsMax,
    temporal: temporalSettings(environment),
  };
}

/** What the worker process reads. */
export function loadWorkerConfig(environment: Environment = process.env) {
  const env = parse(
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
    sqlConnections: checkedSqlConnections(env.AOS_SQL_CONNECTIONS_FILE).connections,
    temporal: temporalSettings(environment),
  };
}

/** What the migrate step reads: the only place that holds the owner's URL. */
export function loadMigrateConfig(environment: Environment = process.env) {
  const env = parse(
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

function outsideSettings(env: z.infer<z.ZodObject<typeof common & typeof outside>>) {
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

function checkedSqlConnections(file: string | undefined): {
  readonly file: string | undefined;
  readonly connections: SqlConnections;
} {
  if (file === undefined) return { file, connections: {} };
  try {
    return { file, connections: readSqlConnections(file) };
  } catch (error) {
    throw new ConfigError(`AOS_SQL_CONNECTIONS_FILE ${(error as Error).message}.`);
  }
}

/** An address, or a profile of Temporal's own configuration file, says that a server exists already. */
function namesTemporal(environment: Environment): boolean {
  return ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some(
    (name) => setting(environment, name) !== undefined,
  );
}

function temporalSettings(environment: Environment) {
  let loaded: ClientConnectConfig;
  try {
    // The user's configuration file counts only when asked for: a start must not depend on what lies in a home folder.
    const disableFile = !['TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'].some((name) => setting(environment, name));
    loaded = loadClientConnectConfig({ overrideEnvVars: present(environment), disableFile });
  } catch (error) {
    throw new ConfigError(`The TEMPORAL_* settings cannot be used: ${(error as Error).message}`);
  }
  const { address } = loaded.connectionOptions;
  if (address === undefined) throw new ConfigError('TEMPORAL_ADDRESS must be set.');
  if (!hostAndPort.test(address)) throw new ConfigError('TEMPORAL_ADDRESS must be host:port.');
  const given = Object.entries(loaded.connectionOptions).filter(([, value]) => value !== undefined);
  const connection = Object.fromEntries(given) as ConnectionOptions;
  return { address, namespace: loaded.namespace ?? 'default', connection };
}

function parse<S extends Shape>(shape: S, environment: Environment): z.infer<z.ZodObject<S>> {
  const result = z.object(shape).safeParse(present(environment));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = String(issue?.path[0]);
  const missing = setting(environment, name) === undefined;
  throw new ConfigError(`${name} ${missing ? 'must be set' : issue?.message}.`);
}

/** An empty setting counts as none, so that `AOS_X= npm start` means the default. */
function present(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => (entry[1] ?? '').trim() !== ''),
  );
}

function setting(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === undefined || value.trim() === '' ? undefined : value;
}

/** The same file runs from the sources and from dist/. */
export function projectRoot(): string {
  return existsSync(path.join(__dirname, 'package.json')) ? __dirname : path.dirname(__dirname);
}
