import { ConfigError, loadMigrateConfig } from '../config';
import { connectOwner } from './migrate/check-server';
import { deployMigrations } from './migrate/deploy';
import { loginUrl, setLogin } from './migrate/logins';
import { refuseEvidenceAhead } from './migrate/transaction-ids';
import { loadSecrets } from './stack/secrets';
import { say, StartError } from './stack/terminal';

export interface MigrateOptions {
  readonly ownerUrl: string;
  /** Where the passwords of roles without a given URL are kept. */
  readonly dataDir: string;
  readonly appUrl?: string | undefined;
  readonly systemUrl?: string | undefined;
}

export interface MigrateResult {
  readonly migrated: boolean;
  readonly appUrl: string;
  readonly systemUrl: string;
}

/** Brings the database to this version, and answers the URLs with which API and worker log in. */
export async function migrate({ ownerUrl, dataDir, appUrl, systemUrl }: MigrateOptions): Promise<MigrateResult> {
  const client = await connectOwner(ownerUrl);
  try {
    const migrated = await deployMigrations({ client, ownerUrl });
    await refuseEvidenceAhead(client);
    const secrets = await loadSecrets(dataDir);
    if (appUrl === undefined) await setLogin(client, 'aos_app', secrets.app);
    if (systemUrl === undefined) await setLogin(client, 'aos_system', secrets.system);
    await client.query('select aos_ensure_audit_partitions()');
    return {
      migrated,
      appUrl: appUrl ?? loginUrl(ownerUrl, 'aos_app', secrets.app),
      systemUrl: systemUrl ?? loginUrl(ownerUrl, 'aos_system', secrets.system),
    };
  } finally {
    await client.end();
  }
}

async function main(): Promise<void> {
  const config = loadMigrateConfig();
  const { migrated } = await migrate({
    ownerUrl: config.databaseUrl,
    dataDir: config.dataDir,
    appUrl: config.databaseAppUrl,
    systemUrl: config.databaseSystemUrl,
  });
  say(migrated ? 'The database was migrated.' : 'The database is up to date.');
}

if (require.main === module) {
  main().catch((error: Error) => {
    const isPlain = error instanceof ConfigError || error instanceof StartError;
    process.stderr.write(`${isPlain ? error.message : error.stack}\n`);
    process.exitCode = 1;
  });
}
