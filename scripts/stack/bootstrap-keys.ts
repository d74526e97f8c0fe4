import path from 'node:path';
import { readKeys, type Keys } from './credentials';
import type { Say } from './terminal';

type Bootstrap = (options: { ownerUrl: string }) => Promise<Keys | null>;

/** Makes the first tenants on an empty database; on any other, the keys that this data folder kept are used again. */
export async function bootstrapKeys({
  ownerUrl,
  dataDir,
  say,
}: {
  ownerUrl: string;
  dataDir: string;
  say: Say;
}): Promise<Keys> {
  const { bootstrap } = (await import(path.join(__dirname, '../bootstrap.js'))) as { bootstrap: Bootstrap };
  const made = await bootstrap({ ownerUrl });
  if (made !== null) {
    say(`Database: made ${made.tenants.length} tenants and their keys`);
    return made;
  }
  const kept = await readKeys(dataDir);
  if (kept !== undefined) return kept;
  say('Database: it has tenants, and this data folder does not hold their keys; the example is left out.');
  return { operator_key: '', tenants: [] };
}
