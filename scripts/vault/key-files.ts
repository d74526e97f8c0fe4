import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { formerKeyFile, masterKeyBytes, nextKeyFile, readMasterKey, type MasterKey } from '../../vault';
import { writePrivate } from '../stack/files';
import { StartError } from '../stack/terminal';

/** The key that is to come; made, and safe on the disk, before anything is encrypted with it. */
export async function ensureNextKey(file: string): Promise<MasterKey> {
  const next = nextKeyFile(file);
  const found = await readMasterKey(next);
  if (found !== undefined) return found;
  await writePrivate(next, randomBytes(masterKeyBytes));
  await syncFolder(file);
  return requireKey(next);
}

/** Keeps the current key as the former one, and puts the next one in its place. */
export async function swapKeys(file: string): Promise<void> {
  await writePrivate(formerKeyFile(file), await readFile(file));
  await syncFolder(file);
  await rename(nextKeyFile(file), file);
  await syncFolder(file);
}

export async function removeFormerKey(file: string): Promise<void> {
  await rm(formerKeyFile(file), { force: true });
  await syncFolder(file);
}

export async function requireKey(file: string): Promise<MasterKey> {
  const key = await readMasterKey(file);
  if (key === undefined) throw new StartError(`${file} does not exist: bring the master key back.`);
  return key;
}

// A file whose name is lost with the power is as lost as its content.
async function syncFolder(file: string): Promise<void> {
  const folder = await open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
