import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { writePrivate } from '../stack/files';

const markName = 'restored.json';

/** Leaves word in a restored data folder, for the start that finds it. */
export async function markRestored(dataDir: string, { databaseAt }: { databaseAt: string }): Promise<void> {
  await writePrivate(path.join(dataDir, markName), `${JSON.stringify({ database_at: databaseAt })}\n`);
}

/**
 * Asks for a new epoch of the trees of evidence when the data folder was restored: what the former installation signed
 * after the backup must not contradict what this one signs. Answers whether it was.
 */
export async function askForNewEpoch({ ownerUrl, dataDir }: { ownerUrl: string; dataDir: string }): Promise<boolean> {
  const file = path.join(dataDir, markName);
  const mark = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (mark === undefined) return false;
  const { database_at: at } = JSON.parse(mark) as { database_at: string };
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query('update audit_sealing set epoch_due = $1', [`restored to the state of ${at}`]);
  } finally {
    await client.end();
  }
  // Asked for twice after a crash in between, it is one epoch more, which does no harm.
  await rm(file);
  return true;
}
