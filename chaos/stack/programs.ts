import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeOptions } from '../../scripts/stack/node-options';

export interface Program {
  readonly name: string;
  readonly kind: 'api' | 'worker';
  readonly environment: NodeJS.ProcessEnv;
}

export function startProgram(dist: string, { name, kind, environment }: Program, logs: string): ChildProcess {
  mkdirSync(logs, { recursive: true });
  const log = openSync(path.join(logs, `${name}.log`), 'a', 0o600);
  const program = path.join(dist, kind === 'api' ? 'api/server.js' : 'worker.js');
  const child = spawn(process.execPath, [...nodeOptions(kind), program], {
    cwd: path.dirname(dist),
    env: environment,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const die = () => child.kill('SIGKILL');
  process.once('exit', die);
  child.once('close', () => process.off('exit', die));
  return child;
}

export async function answers(child: ChildProcess, url: string): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error(`${url} does not answer: its process has ended`);
}

/** Everything that `/readyz` asks for: servers, migrations, and a worker on each queue. */
export async function untilAllReady(apiUrl: string, limitMs = 120_000): Promise<void> {
  const until = Date.now() + limitMs;
  let last = 'no answer';
  for (;;) {
    const response = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(10_000) }).catch((error: Error) => {
      last = String(error.cause ?? error);
    });
    if (response?.status === 200) return;
    if (response) last = await response.text();
    if (Date.now() > until) throw new Error(`the installation is not ready after ${limitMs / 1000} s: ${last}`);
    await sleep(250);
  }
}
