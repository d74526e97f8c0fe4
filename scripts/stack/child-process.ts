import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJson } from './files';
import { identify, isRunning, type ProcessIdentity } from './process-identity';

/** Writes down which process runs under this name, so that a later start can end it when this one was killed. */
export async function recordProcess(dataDir: string, name: string, child: ChildProcess): Promise<void> {
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity === undefined) return;
  await mkdir(path.join(dataDir, 'run'), { recursive: true });
  await writeFile(recordFile(dataDir, name), JSON.stringify(identity));
}

export function forgetProcess(dataDir: string, name: string): void {
  rmSync(recordFile(dataDir, name), { force: true });
}

/** Ends what an earlier start left running under this name. Answers whether there was one. */
export async function endLeftover(dataDir: string, name: string): Promise<boolean> {
  const identity = await readJson<ProcessIdentity>(recordFile(dataDir, name));
  forgetProcess(dataDir, name);
  if (identity === undefined || !isRunning(identity)) return false;
  await endProcess(identity, { signal: 'SIGTERM', deadlineMs: 5_000 });
  return true;
}

/** Asks the process group to end, and kills it after the deadline. */
export async function endProcess(
  identity: ProcessIdentity,
  { signal, deadlineMs }: { signal: NodeJS.Signals; deadlineMs: number },
): Promise<void> {
  for (const [next, waitMs] of [
    [signal, deadlineMs],
    ['SIGKILL', 5_000],
  ] as const) {
    signalGroup(identity.pid, next);
    const until = Date.now() + waitMs;
    while (Date.now() < until) {
      if (!isRunning(identity)) return;
      await sleep(25);
    }
  }
}

/** Children are started as leaders of their own group, so that what they started ends with them. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function recordFile(dataDir: string, name: string): string {
  return path.join(dataDir, 'run', `${name}.json`);
}
