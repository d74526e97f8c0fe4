import { createHash } from 'node:crypto';
import { chmod, mkdir, open, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { FileEntry, FolderEntry } from './manifest';

/** Whether a path, relative to the folder that is copied, stays behind; with all below it when it is a folder. */
export type LeaveOut = (relative: string) => boolean;

export interface Copier {
  readonly folders: FolderEntry[];
  readonly files: FileEntry[];
  /** The whole folder, when there is one; `as` is its path in the copy. */
  copyFolder(place: string, options?: { readonly as?: string; readonly leaveOut?: LeaveOut }): Promise<void>;
  /** One file. One that is not there, or went away meanwhile, is passed by: whoever removed it does not need it. */
  copyFile(place: string, options?: { readonly as?: string }): Promise<void>;
  write(place: string, content: string): Promise<void>;
}

/** Copies from one folder to another with modes, flushed to disk, and remembers what was copied. */
export function createCopier({ from, to }: { readonly from: string; readonly to: string }): Copier {
  const folders: FolderEntry[] = [];
  const files: FileEntry[] = [];

  async function copyFolder(place: string, { as = place, leaveOut }: { as?: string; leaveOut?: LeaveOut } = {}) {
    await walk('');

    async function walk(relative: string): Promise<void> {
      const source = path.join(from, place, relative);
      const found = await stat(source).catch(absent);
      if (found === undefined) return;
      const target = path.posix.join(as, relative);
      folders.push({ path: target, mode: found.mode & 0o777 });
      await mkdir(path.join(to, target), { recursive: true, mode: 0o700 });
      const entries = (await readdir(source, { withFileTypes: true }))
        .map((entry) => ({ entry, child: path.posix.join(relative, entry.name) }))
        .filter(({ child }) => leaveOut?.(child) !== true);
      const plain = entries.filter(({ entry }) => entry.isFile());
      await eachOf(plain, ({ child }) => copyFile(path.posix.join(place, child), { as: path.posix.join(as, child) }));
      for (const { entry, child } of entries) if (entry.isDirectory()) await walk(child);
    }
  }

  async function copyFile(place: string, { as = place }: { as?: string } = {}): Promise<void> {
    const source = await open(path.join(from, place), 'r').catch(absent);
    if (source === undefined) return;
    try {
      const pieces = source.createReadStream({ autoClose: false, highWaterMark: 1 << 20 });
      await save(as, (await source.stat()).mode & 0o777, pieces);
    } finally {
      await source.close();
    }
  }

  async function save(place: string, mode: number, pieces: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
    const file = path.join(to, place);
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    const target = await open(file, 'wx', 0o600);
    try {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of pieces) {
        hash.update(piece);
        bytes += piece.length;
        await target.writeFile(piece);
      }
      await target.sync();
      files.push({ path: place, mode, bytes, sha256: hash.digest('hex') });
    } finally {
      await target.close();
    }
    await chmod(file, mode);
  }

  return {
    folders,
    files,
    copyFolder,
    copyFile,
    write: (place, content) => save(place, 0o600, [Buffer.from(content)]),
  };
}

const atOnce = 16;

/** Some at a time: most of a copy is waiting for the disk to have it. */
export async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = items.values();
  const lane = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
