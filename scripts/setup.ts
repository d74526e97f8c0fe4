import { ConfigError, loadStackConfig, type StackConfig } from '../config';
import { migrate } from './migrate';
import { bootstrapKeys } from './stack/bootstrap-keys';
import { credentialsFile, writeCredentials } from './stack/credentials';
import { ensureKeys } from './stack/keys';
import { ensureSearchAttributes } from './stack/temporal/search-attributes';
import { say, StartError } from './stack/terminal';

/** Prepares servers that run elsewhere for API and worker processes that are started by other means than `npm start`. */
async function setup({ databaseUrl, temporal, ...config }: StackConfig): Promise<void> {
  if (databaseUrl === undefined) throw new ConfigError('DATABASE_URL must be set.');
  if (temporal === undefined) throw new ConfigError('TEMPORAL_ADDRESS must be set.');
  const { dataDir } = config;
  await ensureKeys(config);
  await ensureSearchAttributes(temporal);
  const { migrated } = await migrate({
    ownerUrl: databaseUrl,
    dataDir,
    appUrl: config.databaseAppUrl,
    systemUrl: config.databaseSystemUrl,
  });
  say(migrated ? 'The database was migrated.' : 'The database is up to date.');
  const keys = await bootstrapKeys({ ownerUrl: databaseUrl, dataDir, say });
  await writeCredentials(dataDir, {
    api_url: `http://${config.apiHost}:${config.apiPort}`,
    temporal_address: temporal.address,
    temporal_namespace: temporal.namespace,
    temporal_ui_url: null,
    temporal_cli: null,
    database_url: databaseUrl,
    ...keys,
  });
  say(`The keys are in ${credentialsFile(dataDir)}.`);
}

async function main(): Promise<void> {
  await setup(loadStackConfig());
}

main().then(
  () => process.exit(0),
  (error: Error) => {
    const isPlain = error instanceof ConfigError || error instanceof StartError;
    process.stderr.write(`${isPlain ? error.message : error.stack}\n`);
    process.exit(1);
  },
);
