import { chmod, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { createCopier, eachOf } from '../backup/copier';
import { readManifest, type FileEntry, type Manifest } from '../backup/manifest';
import { duration, StartError, type Say } from '../stack/terminal';
import { checkFits } from './check-fits';
import { markRestored } from './new-epoch';

export interface RestoreOptions {
  readonly from: string;
  /** A data folder that does not exist yet, or is empty. */
  readonly dataDir: string;
  readonly say: Say;
}

/** Makes a data folder of a backup. It appears whole, after every byte was checked, or not at all. */
export async function restore({ from, dataDir, say }: RestoreOptions): Promise<void> {
  const beganMs = Date.now();
  const manifest = await readManifest(from);
  await refuseOverwriting(dataDir);
  const lacking = await checkFits(manifest);
  const draft = `${dataDir}.restore-${process.pid}`;
  await mkdir(draft, { recursive: true, mode: 0o700 });
  try {
    await copyChecked({ from, to: draft, manifest });
    await markRestored(draft, { databaseAt: manifest.database_at });
    await rmdir(dataDir).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(draft, dataDir);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  say(
    `Restored ${from} to ${dataDir} in ${duration(Date.now() - beganMs)}: ${manifest.files.length} files, all as backed up.`,
  );
  say(`The state is that of ${manifest.database_at}, written by AOS ${manifest.version}.`);
  if (lacking > 0) say(`The start will bring the database to this version (${lacking} migrations).`);
  say('Workflows and schedules are made anew by the worker, from the database, within some minutes.');
}

async function copyChecked({ from, to, manifest }: { from: string; to: string; manifest: Manifest }): Promise<void> {
  const copier = createCopier({ from, to });
  for (const folder of manifest.folders) await mkdir(path.join(to, folder.path), { recursive: true, mode: 0o700 });
  await eachOf(manifest.files, async (expected) => {
    await copier.copyFile(expected.path);
    // The place where the backup was kept may not keep modes.
    await chmod(path.join(to, expected.path), expected.mode).catch(() => {});
  });
  const copied = new Map(copier.files.map((file) => [file.path, file]));
  for (const expected of manifest.files) checkSame(expected, copied.get(expected.path));
  for (const { path: place, mode } of manifest.folders.toReversed()) await chmod(path.join(to, place), mode);
}

function checkSame(expected: FileEntry, copied: FileEntry | undefined): void {
  if (copied?.sha256 === expected.sha256) return;
  const what = copied === undefined ? 'is missing' : 'is not as it was backed up';
  throw new StartError(`The backup is damaged: ${expected.path} ${what}. Nothing was restored.`);
}

async function refuseOverwriting(dataDir: string): Promise<void> {
  const present = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new StartError(`${dataDir} cannot be used: ${error.message}.`);
  });
  if (present.length === 0) return;
  throw new StartError(`${dataDir} is not empty, and nothing is overwritten: move it away, or set AOS_DATA_DIR.`);
}
