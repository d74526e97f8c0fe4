import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { identify, isRunning, type ProcessIdentity } from './process-identity';
import { StartError } from './terminal';

/** Lets one stack use a data folder. A lock whose process is gone is taken over. Answers the release. */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = path.join(dataDir, 'run/stack.json');
  // A folder that we make holds keys and data: it is its owner's alone.
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const own = JSON.stringify(identify(process.pid));
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, own);
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      // A hard link appears with its content, and only where nothing is.
      if (await succeeds(link(draft, file), 'EEXIST')) return () => release(file, own);
      await removeStale(file, dataDir);
    }
    throw new StartError(`The lock ${file} cannot be taken: other starts keep taking it.`);
  } finally {
    await rm(draft, { force: true });
  }
}

async function removeStale(file: string, dataDir: string): Promise<void> {
  const content = await readFile(file, 'utf8').catch(() => undefined);
  if (content === undefined) return;
  const holder = parseIdentity(content);
  if (holder !== undefined && isRunning(holder)) {
    throw new StartError(
      `Another start (process ${holder.pid}) uses the data folder ${dataDir}: stop it, or set AOS_DATA_DIR to another folder.`,
    );
  }
  const aside = `${file}.stale.${process.pid}`;
  if (!(await succeeds(rename(file, aside), 'ENOENT'))) return;
  // Another start may have replaced the stale lock in between: then it is theirs, and goes back.
  if ((await readFile(aside, 'utf8')) !== content) await succeeds(link(aside, file), 'EEXIST');
  await rm(aside, { force: true });
}

async function release(file: string, own: string): Promise<void> {
  if ((await readFile(file, 'utf8').catch(() => undefined)) === own) await rm(file, { force: true });
}

function parseIdentity(content: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(content) as Partial<ProcessIdentity>;
    return typeof value.pid === 'number' && typeof value.began === 'string'
      ? { pid: value.pid, began: value.began }
      : undefined;
  } catch {
    return undefined;
  }
}

/** False for the one expected error. */
async function succeeds(work: Promise<unknown>, expected: string): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === expected) return false;
    throw error;
  }
}
