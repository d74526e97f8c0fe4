import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess } from '../child-process';
import { commandLine, identify } from '../process-identity';

/** Ends a server that an earlier start left running on this data. Answers whether there was one. */
export async function endLeftoverServer(folder: string): Promise<boolean> {
  const pidFile = path.join(folder, 'postmaster.pid');
  const content = await readFile(pidFile, 'utf8').catch(() => undefined);
  if (content === undefined) return false;
  const identity = identify(Number(content.split('\n')[0]));
  const isOurs = identity !== undefined && commandLine(identity.pid).includes(folder);
  if (isOurs) await endProcess(identity, { signal: 'SIGINT', deadlineMs: 15_000 });
  // A killed server's own children notice within moments; a new server beside them would find their memory in use.
  await waitUntilUnused(folder);
  // Postgres takes the number for alive when it belongs to another program by now, or to a dead process nobody waited for.
  await rm(pidFile, { force: true });
  return isOurs;
}

async function waitUntilUnused(folder: string): Promise<void> {
  const until = Date.now() + 10_000;
  for (let users = await usersOf(folder); users.length > 0; users = await usersOf(folder)) {
    if (Date.now() > until) for (const pid of users) process.kill(pid, 'SIGKILL');
    await sleep(50);
  }
}

/** Every process of Postgres works in its data folder. Only Linux lists them; elsewhere Postgres' own check must do. */
async function usersOf(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0);
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => undefined)));
  return pids.filter((pid, index) => folders[index] === folder && identify(pid) !== undefined);
}
