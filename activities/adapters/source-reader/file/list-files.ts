import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isInside } from './resolve-folder';

export interface ListedFile {
  /** Relative to the folder, `/` between folders. */
  readonly name: string;
  readonly bytes: number;
}

interface ListOptions {
  /** Names after this one only. */
  readonly after: string | null;
  readonly itemsMax: number;
  readonly isIncluded: (name: string) => boolean;
  readonly signal: AbortSignal;
}

/**
 * Regular files below the folder in the order of their names (code points), at most `itemsMax`. Hidden files and
 * folders are skipped, and so are links that lead out. Links to folders are not followed at all: inside, their files
 * are listed under their own names, and chains of such links would multiply the listing without end.
 */
export async function listFiles(folder: string, options: ListOptions): Promise<ListedFile[]> {
  const found: ListedFile[] = [];
  await walk('');
  return found;

  async function walk(prefix: string): Promise<void> {
    for (const { name, isFolder } of await sortedEntries(folder, prefix)) {
      options.signal.throwIfAborted();
      if (found.length >= options.itemsMax) return;
      if (isFolder) {
        if (mayHoldLater(name, options.after)) await walk(`${name}/`);
        continue;
      }
      if (options.after !== null && compareNames(name, options.after) <= 0) continue;
      const bytes = options.isIncluded(name) ? await regularFileBytes(folder, name) : null;
      if (bytes !== null) found.push({ name, bytes });
    }
  }
}

async function regularFileBytes(folder: string, name: string): Promise<number | null> {
  const real = await realpath(path.join(folder, name)).catch(() => null);
  if (real === null || !isInside(real, folder)) return null;
  const state = await stat(real).catch(() => null);
  return state?.isFile() ? state.size : null;
}

/** Ordered as the full names are: `a-b` comes before `a/c`, so a folder is compared with the slash its files have. */
async function sortedEntries(folder: string, prefix: string): Promise<{ name: string; isFolder: boolean }[]> {
  const entries = await readdir(path.join(folder, prefix), { withFileTypes: true }).catch((error: unknown) => {
    if (prefix === '') throw error;
    return [];
  });
  const key = (entry: Dirent) => (entry.isDirectory() ? `${entry.name}/` : entry.name);
  return entries
    .filter((entry) => !entry.name.startsWith('.'))
    .sort((a, b) => compareNames(key(a), key(b)))
    .map((entry) => ({ name: `${prefix}${entry.name}`, isFolder: entry.isDirectory() }));
}

/** False for a folder all of whose files lie before the cursor. */
function mayHoldLater(name: string, after: string | null): boolean {
  return after === null || after.startsWith(`${name}/`) || compareNames(`${name}/`, after) > 0;
}

/** By code point, which is the order of UTF-8 bytes and, unlike a locale's, the same everywhere. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
