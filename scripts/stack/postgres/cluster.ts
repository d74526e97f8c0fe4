import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StartError } from '../terminal';
import type { PostgresBinaries } from './binaries';
import { spawnIds, unprivileged, type RunAs } from './unprivileged';

export interface ClusterOptions {
  readonly binaries: PostgresBinaries;
  /** The folder of the data files. */
  readonly folder: string;
  readonly superuserPassword: string;
  /** Off for throw-away data. */
  readonly durable: boolean;
}

/** Makes the data files when there are none, and says how to run programs on them. */
export async function prepareCluster(options: ClusterOptions): Promise<RunAs> {
  const { folder, binaries } = options;
  await removeHalfMade(folder);
  if (!(await exists(path.join(folder, 'PG_VERSION')))) await createCluster(options);
  return unprivileged({ program: binaries.postgres, folder });
}

/** The folder appears under its name only when complete, so that a start killed half-way leaves nothing in the way. */
async function createCluster({ binaries, folder, superuserPassword, durable }: ClusterOptions): Promise<void> {
  const draft = `${folder}.new-${process.pid}`;
  const secret = await mkdtemp(path.join(tmpdir(), 'aos-'));
  try {
    await mkdir(draft, { recursive: true, mode: 0o700 });
    await chmod(draft, 0o700);
    const runAs = unprivileged({ program: binaries.postgres, folder: draft });
    const passwordFile = path.join(secret, 'password');
    await writeFile(passwordFile, `${superuserPassword}\n`, { mode: 0o600 });
    if (runAs.uid !== undefined && runAs.gid !== undefined) {
      await Promise.all([passwordFile, secret].map((file) => chown(file, Number(runAs.uid), Number(runAs.gid))));
    }
    await runInitdb(runAs, [
      binaries.initdb,
      `--pgdata=${draft}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      ...(durable ? [] : ['--no-sync']),
    ]);
    await rename(draft, folder);
  } finally {
    await Promise.all([draft, secret].map((place) => rm(place, { recursive: true, force: true })));
  }
}

function runInitdb(runAs: RunAs, line: readonly string[]): Promise<void> {
  const [command, ...args] = [...runAs.prefix, ...line];
  return new Promise((resolve, reject) => {
    const options = { ...spawnIds(runAs), cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C' } };
    execFile(command as string, args, options, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new StartError(`Postgres could not make its data files: ${stderr.trim() || error.message}`));
    });
  });
}

async function removeHalfMade(folder: string): Promise<void> {
  const siblings = await readdir(path.dirname(folder)).catch(() => []);
  const halfMade = siblings.filter((name) => name.startsWith(`${path.basename(folder)}.new-`));
  await Promise.all(halfMade.map((name) => rm(path.join(path.dirname(folder), name), { recursive: true })));
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
