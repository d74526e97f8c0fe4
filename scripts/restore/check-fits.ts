import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { thisPlatform, type Manifest } from '../backup/manifest';
import { knownMigrations } from '../migrate/migrations';
import { postgresBinaries } from '../stack/postgres/binaries';
import { StartError } from '../stack/terminal';

/** Refuses a backup that this checkout on this machine could not go on with. Answers how many migrations it lacks. */
export async function checkFits({ platform, postgres, migrations, version }: Manifest): Promise<number> {
  if (platform !== thisPlatform) {
    throw new StartError(`The backup is of ${platform}, and its data files cannot be read on ${thisPlatform}.`);
  }
  const server = await serverMajor();
  if (postgres !== server) {
    throw new StartError(`The backup is of Postgres ${postgres}, and this version of AOS brings Postgres ${server}.`);
  }
  const known = new Map((await knownMigrations()).map(({ name, checksum }) => [name, checksum]));
  const foreign = migrations.find(({ name, checksum }) => known.get(name) !== checksum);
  if (foreign !== undefined) {
    throw new StartError(
      `The backup's database went through ${foreign.name}, which this version of AOS does not have: restore with AOS ${version}, or a newer one.`,
    );
  }
  return known.size - migrations.length;
}

async function serverMajor(): Promise<string> {
  const { postgres } = await postgresBinaries();
  const { stdout } = await promisify(execFile)(postgres, ['--version']);
  return /\d+/.exec(stdout)?.[0] ?? '';
}
