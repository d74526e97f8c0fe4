import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bootstrap, type BootstrapResult } from '../../scripts/bootstrap';
import { migrate } from '../../scripts/migrate';
import { startDatabase } from '../../scripts/stack/database';
import { loadSecrets } from '../../scripts/stack/secrets';

export interface BenchPostgres {
  /** Of the owner, whom row-level security does not bind. */
  readonly ownerUrl: string;
  readonly appUrl: string;
  readonly systemUrl: string;
  readonly keys: BootstrapResult;
  stop(): Promise<void>;
}

/** The embedded server of `npm start`, with its durable settings, migrated, on a data folder that goes with it. */
export async function startBenchPostgres(): Promise<BenchPostgres> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'aos-bench-'));
  const supervision = { dataDir, say: () => {}, onGaveUp: (message: string) => process.stderr.write(`${message}\n`) };
  const { ownerUrl, server } = await startDatabase({ port: 0, secrets: await loadSecrets(dataDir) }, supervision);
  const stop = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const { appUrl, systemUrl } = await migrate({ ownerUrl, dataDir });
    const keys = await bootstrap({ ownerUrl });
    if (keys === null) throw new Error('The database of the bench was not empty.');
    return { ownerUrl, appUrl, systemUrl, keys, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
