import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childEnvironment, type ChildSettings } from './child-environment';
import { nodeOptions } from './node-options';
import { createProcessLog } from './process-log';
import { supervise, type Supervised, type SuperviseOptions } from './supervise';
import { StartError } from './terminal';

const programs = { worker: 'worker.js', api: 'api/server.js' } as const;

/** Starts the API or the worker: our own program, in a process of its own, with only its own settings. */
export function startApplication(
  name: keyof typeof programs,
  { dist, settings }: { dist: string; settings: ChildSettings },
  options: SuperviseOptions,
): Promise<Supervised> {
  const log = createProcessLog({ name, file: path.join(options.dataDir, `logs/${name}.log`), say: options.say });
  return supervise(
    {
      name,
      start() {
        const child = spawn(process.execPath, [...nodeOptions(name), path.join(dist, programs[name])], {
          cwd: path.dirname(dist),
          env: childEnvironment(name, settings),
          stdio: ['ignore', 'pipe', 'pipe'],
          detached: true,
        });
        log.follow(child);
        return child;
      },
      lastWords: log.lastWords,
      stopSignal: 'SIGTERM',
      stopDeadlineMs: 15_000,
    },
    options,
  );
}

/** Returns when the API says that it and everything it needs are ready. */
export async function untilReady(apiUrl: string, signal: AbortSignal): Promise<void> {
  const until = Date.now() + 90_000;
  for (;;) {
    const answer = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) })
      .then(async (response) => ({ ok: response.status === 200, text: await response.text() }))
      .catch((error: Error) => ({ ok: false, text: String(error.cause ?? error.message) }));
    if (answer.ok) return;
    signal.throwIfAborted();
    if (Date.now() > until) {
      throw new StartError(`${apiUrl}/readyz did not answer 200 within 90 s; its last answer: ${answer.text}`);
    }
    await sleep(150, undefined, { signal });
  }
}
