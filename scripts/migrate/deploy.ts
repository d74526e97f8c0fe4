import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import { projectRoot } from '../../config';
import { StartError } from '../stack/terminal';

/** Runs the migrations that this database lacks. Answers whether there were any. */
export async function deployMigrations({ client, ownerUrl }: { client: Client; ownerUrl: string }): Promise<boolean> {
  // Prisma's own look takes seconds, which every later start would pay for nothing.
  if (await isCurrent(client)) return false;
  await runPrisma(ownerUrl);
  return true;
}

async function isCurrent(client: Client): Promise<boolean> {
  const { rows: tables } = await client.query<{ found: boolean }>(
    `select to_regclass('_prisma_migrations') is not null as found`,
  );
  if (tables[0]?.found !== true) return false;
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'select migration_name, checksum from _prisma_migrations where finished_at is not null and rolled_back_at is null',
  );
  const applied = new Map(rows.map(({ migration_name, checksum }) => [migration_name, checksum]));
  const wanted = await migrationChecksums();
  return wanted.every(([name, checksum]) => applied.get(name) === checksum);
}

async function migrationChecksums(): Promise<[name: string, checksum: string][]> {
  const folder = path.join(projectRoot(), 'prisma/migrations');
  const entries = await readdir(folder, { withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => {
        const sql = await readFile(path.join(folder, name, 'migration.sql'));
        return [name, createHash('sha256').update(sql).digest('hex')] as [string, string];
      }),
  );
}

function runPrisma(ownerUrl: string): Promise<void> {
  const cwd = projectRoot();
  const env = { ...process.env, DATABASE_URL: ownerUrl, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' };
  const args = [path.join(cwd, 'node_modules/prisma/build/index.js'), 'migrate', 'deploy'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, env, maxBuffer: 16e6 }, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new StartError(`The database could not be migrated. ${essence(`${stdout}\n${stderr}`)}`));
    });
  });
}

/** Prisma's words from the error on, without the places in its own source. */
function essence(output: string): string {
  const lines = output.slice(Math.max(0, output.lastIndexOf('Error:'))).split('\n');
  return lines
    .filter((line) => !/^\s+(\d+:|at |with )/.test(line))
    .join('\n')
    .trim();
}
