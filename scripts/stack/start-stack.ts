import path from 'node:path';
import { projectRoot, type StackConfig } from '../../config';
import { migrate } from '../migrate';
import { startApplication, untilReady } from './applications';
import { bootstrapKeys } from './bootstrap-keys';
import { endLeftover } from './child-process';
import { credentialsFile, writeCredentials, type Keys } from './credentials';
import { startDatabase } from './database';
import { demonstrate } from './demonstration';
import { demonstrateTools } from './demonstration/tools';
import { writeExampleServers } from './example-servers';
import { askForNewEpoch } from '../restore/new-epoch';
import { ensureKeys } from './keys';
import { chooseMetricsPort, choosePort } from './ports';
import { loadSecrets } from './secrets';
import type { Shutdown } from './shutdown';
import { startTemporal, type TemporalServer } from './temporal';
import { duration, type Say } from './terminal';

export interface StackOptions {
  readonly config: StackConfig;
  readonly shutdown: Shutdown;
  readonly say: Say;
  readonly withExample: boolean;
}

/** Servers, migrations, keys, worker and API, in this order; then the example. Returns when all of it runs. */
export async function startStack({ config, shutdown, say, withExample }: StackOptions): Promise<void> {
  const beganMs = Date.now();
  const { signal } = shutdown;
  const supervision = { dataDir: config.dataDir, say, onGaveUp: shutdown.fail };

  await ensureKeys(config);
  for (const name of ['api', 'worker']) {
    if (await endLeftover(config.dataDir, name)) say(`Ended the ${name} that an earlier start left running`);
  }
  const { ownerUrl, temporal } = await startServers({ config, shutdown, say, withExample });
  signal.throwIfAborted();

  const { migrated, appUrl, systemUrl } = await migrate({
    ownerUrl,
    dataDir: config.dataDir,
    appUrl: config.databaseAppUrl,
    systemUrl: config.databaseSystemUrl,
  });
  say(migrated ? 'Database: migrated' : 'Database: up to date');
  signal.throwIfAborted();

  if (await askForNewEpoch({ ownerUrl, dataDir: config.dataDir })) {
    say('Evidence goes on in a new epoch, since this installation was restored');
  }
  const apiPort = await choosePort(config.apiPort, 'AOS_API_PORT', config.apiHost);
  const apiUrl = `http://${reachableHost(config.apiHost)}:${apiPort}`;
  const metricsPort = await chooseMetricsPort(config);
  const keys = await bootstrapKeys({ ownerUrl, dataDir: config.dataDir, say });
  await writeCredentials(config.dataDir, {
    api_url: apiUrl,
    temporal_address: temporal.address,
    temporal_namespace: temporal.namespace,
    temporal_ui_url: temporal.uiUrl,
    temporal_cli: temporal.cli,
    database_url: ownerUrl,
    ...keys,
  });

  const dist = path.join(projectRoot(), 'dist');
  const temporalAddress = temporal.server === undefined ? undefined : temporal.address;
  const stdioServersFile = config.stdioServersFile ?? (await writeExampleServers({ dataDir: config.dataDir, keys }));
  const settings = {
    config: { ...config, stdioServersFile },
    ...{ apiPort, metricsPort, appUrl, systemUrl, temporalAddress, environment: process.env },
  };
  for (const name of ['worker', 'api'] as const) {
    shutdown.add(await startApplication(name, { dist, settings }, supervision));
  }
  await untilReady(apiUrl, signal);
  say(`Ready after ${duration(Date.now() - beganMs)}: ${apiUrl}`);

  const isOffered = config.stdioServersFile === undefined;
  if (withExample) await showExample({ apiUrl, keys, isOffered, say, signal });
  signal.throwIfAborted();
  const workerMetricsUrl = `http://${reachableHost(config.metricsHost)}:${metricsPort}/metrics`;
  sayLinks({ apiUrl, workerMetricsUrl, temporal, dataDir: config.dataDir, say });
}

/** Both servers at once; when one of them fails, the other is known to the shutdown and ends with it. */
async function startServers({ config, shutdown, say }: StackOptions) {
  const supervision = { dataDir: config.dataDir, say, onGaveUp: shutdown.fail };
  const secrets = await loadSecrets(config.dataDir);
  const [database, temporal] = await Promise.allSettled([
    config.databaseUrl === undefined
      ? startDatabase({ port: config.postgresPort, secrets }, supervision)
      : { ownerUrl: config.databaseUrl, server: undefined },
    startTemporal(config, { ...supervision, signal: shutdown.signal }),
  ]);
  for (const result of [database, temporal]) {
    if (result.status === 'fulfilled' && result.value.server !== undefined) shutdown.add(result.value.server);
  }
  if (database.status === 'rejected') throw database.reason;
  if (temporal.status === 'rejected') throw temporal.reason;
  return { ownerUrl: database.value.ownerUrl, temporal: temporal.value };
}

async function showExample({
  apiUrl,
  keys,
  isOffered,
  say,
  signal,
}: {
  apiUrl: string;
  keys: Keys;
  isOffered: boolean;
  say: Say;
  signal: AbortSignal;
}): Promise<void> {
  const [tenant] = keys.tenants;
  if (tenant === undefined) return;
  const { admin_key: adminKey, second_admin_key: secondAdminKey, developer_key: developerKey } = tenant;
  const examples = path.join(projectRoot(), 'examples');
  const shown = { apiUrl, say, signal };
  for (const show of [
    () => demonstrate({ ...shown, adminKey, examples }),
    // Where the operator names a file of his own, the example's command is not in it.
    ...(isOffered ? [() => demonstrateTools({ ...shown, adminKey, secondAdminKey, developerKey })] : []),
  ]) {
    await show().catch((error: unknown) => {
      if (!signal.aborted) say(`The example could not be shown: ${(error as Error).message}`);
    });
  }
}

function sayLinks({
  apiUrl,
  workerMetricsUrl,
  temporal,
  dataDir,
  say,
}: {
  apiUrl: string;
  workerMetricsUrl: string;
  temporal: TemporalServer;
  dataDir: string;
  say: Say;
}): void {
  say('');
  say(`API               ${apiUrl}`);
  say(`API page          ${apiUrl}/docs`);
  say(`OpenAPI document  ${apiUrl}/api/v1/openapi.json`);
  if (temporal.uiUrl !== null) say(`Temporal Web UI   ${temporal.uiUrl}`);
  say(`Metrics           ${apiUrl}/metrics, of the worker ${workerMetricsUrl}`);
  say(`Keys and URLs     ${credentialsFile(dataDir)}`);
  say(`Logs              ${path.join(dataDir, 'logs')}`);
  say(`Try it            npx aos planes list`);
  say(`                  npx aos ask handbook "How many days of annual leave do employees get?"`);
  say(`                  npx aos servers list`);
  say('Ctrl-C stops everything.');
}

/** An address to listen on everywhere is not one to connect to. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
