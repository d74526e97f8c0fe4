import type { Environment, StackConfig } from '../../config';

/** What any Node process needs of the environment it was started in. */
const general = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'LANCEDB_LOG',
];

export interface ChildSettings {
  readonly config: StackConfig;
  readonly apiPort: number;
  readonly metricsPort: number;
  readonly appUrl: string;
  readonly systemUrl: string;
  /** Where the Temporal server of this stack listens; undefined when TEMPORAL_* names another. */
  readonly temporalAddress: string | undefined;
  readonly environment: Environment;
}

/** The environment of API and worker: their own settings and logins, and never the owner's. */
export function childEnvironment(name: 'api' | 'worker', settings: ChildSettings): NodeJS.ProcessEnv {
  const { config, environment, apiPort, metricsPort, appUrl, systemUrl } = settings;
  const own =
    name === 'api'
      ? { AOS_API_HOST: config.apiHost, AOS_API_PORT: String(apiPort) }
      : { AOS_WORKER_METRICS_HOST: config.metricsHost, AOS_WORKER_METRICS_PORT: String(metricsPort) };
  return {
    ...pick(environment, (key) => general.includes(key)),
    LANCEDB_LOG: environment.LANCEDB_LOG ?? 'error',
    // Native code frees in other threads than it allocates in; with an arena for each, glibc keeps most of that.
    MALLOC_ARENA_MAX: environment.MALLOC_ARENA_MAX ?? '2',
    ...temporalEnvironment(settings),
    ...pick(environment, (key) => /^(AOS_(EMBEDDER_|EGRESS_ALLOW$|TASK_QUEUE$|TEST_BARRIER$)|OTEL_)/.test(key)),
    ...(name === 'api' && pick(environment, (key) => /^AOS_(RATE_LIMIT_|TRUST_PROXY$|MCP_HOSTS$)/.test(key))),
    ...own,
    AOS_DATA_DIR: config.dataDir,
    AOS_LOG_LEVEL: config.logLevel,
    AOS_DATABASE_APP_URL: appUrl,
    AOS_DATABASE_SYSTEM_URL: systemUrl,
    // An empty setting would mean the default.
    AOS_FILE_ROOTS: config.fileRoots.join(':') || ':',
    AOS_MASTER_KEY_FILE: config.masterKeyFile,
    // Only the worker signs.
    ...(name === 'worker' && { AOS_SIGNING_KEY_FILE: config.signingKeyFile }),
    ...pick(environment, (key) => key === 'AOS_DATABASE_DIRECT_URL'),
    ...pick(environment, (key) => /^AOS_(CHECKPOINT_|SEAL_)/.test(key)),
    // Only the API lets callers in.
    ...(name === 'api' && config.oidcIssuersFile !== undefined && { AOS_OIDC_ISSUERS_FILE: config.oidcIssuersFile }),
    // Only the worker reads sources.
    ...(name === 'worker' &&
      config.sqlConnectionsFile !== undefined && { AOS_SQL_CONNECTIONS_FILE: config.sqlConnectionsFile }),
    ...(config.stdioServersFile !== undefined && { AOS_STDIO_SERVERS_FILE: config.stdioServersFile }),
  };
}

function temporalEnvironment({ config, environment, temporalAddress }: ChildSettings): Environment {
  if (temporalAddress === undefined) return pick(environment, (key) => key.startsWith('TEMPORAL_'));
  return { TEMPORAL_ADDRESS: temporalAddress, TEMPORAL_NAMESPACE: config.temporalNamespace };
}

function pick(environment: Environment, wanted: (key: string) => boolean): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([key]) => wanted(key)));
}
