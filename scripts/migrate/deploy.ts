import { execFile } from 'node:child_process';
import path from 'node:path';
import type { Client } from 'pg';
import { projectRoot } from '../../config';
import { StartError } from '../stack/terminal';
import { appliedMigrations, knownMigrations } from './migrations';

/** Runs the migrations that this database lacks. Answers whether there were any. */
export async function deployMigrations({ client, ownerUrl }: { client: Client; ownerUrl: string }): Promise<boolean> {
  // Prisma's own look takes seconds, which every later start would pay for nothing.
  if (await isCurrent(client)) return false;
  await runPrisma(ownerUrl);
  return true;
}

async function isCurrent(client: Client): Promise<boolean> {
  const applied = new Map((await appliedMigrations(client)).map(({ name, checksum }) => [name, checksum]));
  return (await knownMigrations()).every(({ name, checksum }) => applied.get(name) === checksum);
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
