import { execFile } from 'node:child_process';
import { cp, mkdir, open, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const sizeMb = 700;

/** A disk for Postgres alone, small enough to be filled, in memory. */
export interface SmallDisk {
  readonly folder: string;
  fill(): Promise<void>;
  empty(): Promise<void>;
  /** Its content is copied to that folder first, when one is given. */
  remove(copyTo?: string): Promise<void>;
}

/** A mounted file system of its own; the reason why not, where that is not permitted. */
export async function mountSmallDisk(folder: string): Promise<SmallDisk | { readonly reason: string }> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return { reason: 'mounting needs root on Linux' };
  await mkdir(folder, { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder]);
  } catch (error) {
    return { reason: `tmpfs cannot be mounted: ${(error as Error).message.split('\n')[0]}` };
  }
  const ballast = path.join(folder, 'ballast');
  return {
    folder,
    fill: () => fill(folder, ballast),
    empty: () => rm(ballast, { force: true }),
    async remove(copyTo) {
      if (copyTo !== undefined) await cp(folder, copyTo, { recursive: true, preserveTimestamps: true });
      await run('umount', [folder]).catch(() => run('umount', ['--lazy', folder]));
    },
  };
}

async function fill(folder: string, ballast: string): Promise<void> {
  const piece = Buffer.alloc(1_000_000);
  const file = await open(ballast, 'w');
  try {
    for (let free = await freeBytes(folder); free > 0; free = await freeBytes(folder)) {
      await file.write(piece.subarray(0, Math.min(piece.length, free)));
    }
  } catch (error) {
    // Somebody else wrote the last bytes: it is full all the same.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    await file.close().catch(() => {});
  }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
