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
 * folders are skipped, and so is every link that leads out of the folder or back to a folder above it.
 */
export async function listFiles(folder: string, options: ListOptions): Promise<ListedFile[]> {
  const found: ListedFile[] = [];
  await walk('', [folder]);
  return found;

  async function walk(prefix: string, parents: readonly string[]): Promise<void> {
    for (const entry of await sortedEntries(path.join(folder, prefix), prefix)) {
      options.signal.throwIfAborted();
      if (found.length >= options.itemsMax) return;
      if (!mayFollow(entry, options.after)) continue;
      const real = await realpath(path.join(folder, entry)).catch(() => null);
      if (real === null || !isInside(real, folder)) continue;
      const state = await stat(real).catch(() => null);
      if (state?.isDirectory() && !parents.includes(real)) await walk(`${entry}/`, [...parents, real]);
      const isWanted = state?.isFile() && (options.after === null || compareNames(entry, options.after) > 0);
      if (isWanted && options.isIncluded(entry)) found.push({ name: entry, bytes: state.size });
    }
  }
}

/**
 * Names with their folder, ordered as the full names are: `a-b` comes before `a/c`, so a folder is compared with the
 * slash that all its files have.
 */
async function sortedEntries(folder: string, prefix: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (prefix === '') throw error;
    return [];
  });
  const keyed = await Promise.all(
    entries
      .filter((entry) => !entry.name.startsWith('.'))
      .map(async (entry) => {
        const isFolder = entry.isSymbolicLink()
          ? await stat(path.join(folder, entry.name)).then(
              (state) => state.isDirectory(),
              () => false,
            )
          : entry.isDirectory();
        return { name: `${prefix}${entry.name}`, key: isFolder ? `${entry.name}/` : entry.name };
      }),
  );
  return keyed.sort((a, b) => compareNames(a.key, b.key)).map(({ name }) => name);
}

/** False for an entry that lies, with all below it, before the cursor. */
function mayFollow(entry: string, after: string | null): boolean {
  if (after === null) return true;
  return compareNames(entry, after) > 0 || after.startsWith(`${entry}/`) || compareNames(`${entry}/`, after) > 0;
}

/** By code point, which is the order of UTF-8 bytes and, unlike a locale's, the same everywhere. */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
