import { homedir } from 'node:os';
import path from 'node:path';
import type { Say } from '../terminal';
import { buildTemporal } from './build';
import { downloadTemporal } from './download';
import type { TemporalSource } from './locate';
import { runs } from './runs';

/** The last release that `go install` accepts. */
export const temporalVersion = '1.5.1';

/** Where the binary may come from, in the order in which the places are tried. */
export function temporalSources({ say, env = process.env }: { say: Say; env?: NodeJS.ProcessEnv }): TemporalSource[] {
  const cache = path.join(env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'aos', `temporal-${temporalVersion}`);
  const cached = path.join(cache, 'temporal');
  return [
    {
      announcement: 'Temporal: looking for `temporal` on the PATH',
      find: () => onPath('temporal', env),
    },
    {
      announcement: `Temporal: looking in the cache (${cache})`,
      find: async () => ((await runs(cached)) ? cached : undefined),
    },
    {
      announcement: 'Temporal: downloading the server with the SDK (up to 2 minutes; fails at once without access)',
      find: (signal) => downloadTemporal({ target: cached, say, signal }),
    },
    {
      announcement: `Temporal: building version ${temporalVersion} with Go (5 to 15 minutes, once; needs about 5 GB for the time being)`,
      find: (signal) => buildTemporal({ target: cached, version: temporalVersion, say, signal, env }),
    },
  ];
}

async function onPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? '').split(path.delimiter).filter((part) => path.isAbsolute(part))) {
    const file = path.join(folder, name);
    if (await runs(file)) return file;
  }
  return undefined;
}
