import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';

export interface LastingFolders {
  /** Returns when the folder is there and its name is flushed to disk. */
  ensure(folder: string): Promise<void>;
  /** Looks anew at every folder: one may have been removed by hand. */
  forget(): void;
}

/** Makes folders once per process: looking and flushing again for each object would cost as much as the object. */
export function createLastingFolders(): LastingFolders {
  const known = new Map<string, Promise<void>>();
  return {
    ensure(folder) {
      let made = known.get(folder);
      if (made === undefined) {
        made = makeFolder(folder);
        known.set(folder, made);
        made.catch(() => known.delete(folder));
      }
      return made;
    },
    forget: () => known.clear(),
  };
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await flushFolder(path.dirname(folder));
}

export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
