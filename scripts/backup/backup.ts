import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { advisoryLocks, objectsLock } from '../../operations/transaction/advisory-locks';
import { readVersion } from '../../version';
import { sealBefore } from '../audit/seal-before';
import { appliedMigrations } from '../migrate/migrations';
import { duration, StartError, type Say } from '../stack/terminal';
import { baseBackup } from './base-backup';
import { createCopier, type Copier } from './copier';
import { useDataServer } from './data-server';
import { holdIndex, linkFolder, type HeldIndex } from './hold-index';
import { thisPlatform, writeManifest, type Manifest } from './manifest';

export interface BackupOptions {
  readonly dataDir: string;
  /** A folder that does not exist yet, or is empty. */
  readonly to: string;
  /** With which evidence is sealed first. */
  readonly signingKeyFile: string;
  readonly say: Say;
}

/**
 * Copies what an installation on embedded servers cannot make anew: database, vectors, objects, keys, passwords; in
 * this order, since an object is stored before the row that names it. Workflows are not copied: the restored database
 * says what work there is, and the worker starts it again.
 */
export async function backup({ dataDir, to, signingKeyFile, say }: BackupOptions): Promise<void> {
  const beganMs = Date.now();
  const postgres = await readFile(path.join(dataDir, 'postgres/PG_VERSION'), 'utf8').catch(() => {
    throw new StartError(`${dataDir} holds no embedded database: there is nothing to back up here.`);
  });
  await refuseOverwriting(to);
  const draft = `${to}.partial-${process.pid}`;
  await mkdir(draft, { recursive: true, mode: 0o700 });
  try {
    const copier = createCopier({ from: dataDir, to: draft });
    const state = await copyGovernedState(dataDir, copier, (url) => sealBefore({ url, signingKeyFile, say }));
    for (const file of ['secrets.json', 'credentials.json']) await copier.copyFile(file);
    await writeManifest(draft, {
      format: 1,
      version: readVersion(),
      platform: thisPlatform,
      postgres: postgres.trim(),
      ...state,
      folders: copier.folders,
      files: copier.files,
    });
    await rm(to, { recursive: true, force: true });
    await rename(draft, to);
    const megabytes = copier.files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
    say(`Backed up ${dataDir} to ${to}: ${copier.files.length} files, ${megabytes.toFixed(1)} MB.`);
    say(`It holds the state of ${state.database_at} and took ${duration(Date.now() - beganMs)}.`);
    say('It also holds every key and password of this installation: keep it as you keep those.');
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function copyGovernedState(
  dataDir: string,
  copier: Copier,
  seal: (url: string) => Promise<void>,
): Promise<Pick<Manifest, 'database_at' | 'migrations'>> {
  const server = await useDataServer(dataDir);
  try {
    await seal(server.url('aos'));
    const [aos, cluster] = [await server.connect('aos'), await server.connect('postgres')];
    try {
      // The sweep of objects takes this lock: what the copied database names has to stay until it is copied as well.
      await aos.query('select pg_advisory_lock(hashtextextended($1, 0))', [objectsLock]);
      // And a rotation of the master key this one: the keys copied fit the database copied.
      await aos.query('select pg_advisory_lock_shared($1, $2)', [...advisoryLocks.masterKeyRotation]);
      let index: HeldIndex | undefined;
      const beforeEnd = async () => void (index = await holdIndex(aos));
      await baseBackup({ dataDir, copier, client: cluster, beforeEnd });
      const state = { database_at: new Date().toISOString(), migrations: await appliedMigrations(aos) };
      await copyIndex({ dataDir, copier, release: () => index?.release() });
      await copier.copyFolder('objects', { leaveOut: (file) => file.endsWith('.part') });
      await copier.copyFolder('keys');
      return state;
    } finally {
      await Promise.all([aos.end(), cluster.end()]);
    }
  } finally {
    await server.release();
  }
}

/** Indexing waits while the files are linked, not while they are copied. */
async function copyIndex({
  dataDir,
  copier,
  release,
}: {
  dataDir: string;
  copier: Copier;
  release: () => Promise<void> | undefined;
}): Promise<void> {
  const links = `run/backup-${process.pid}`;
  try {
    await linkFolder(path.join(dataDir, 'vectors'), path.join(dataDir, links)).finally(release);
    await copier.copyFolder(links, { as: 'vectors' });
  } finally {
    await rm(path.join(dataDir, links), { recursive: true, force: true });
  }
}

async function refuseOverwriting(to: string): Promise<void> {
  const present = await readdir(to).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new StartError(`${to} cannot be written to: ${error.message}.`);
  });
  if (present.length > 0) throw new StartError(`${to} is not empty: name a new folder for each backup.`);
}
