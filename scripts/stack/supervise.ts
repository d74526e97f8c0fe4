import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcess, forgetProcess, recordProcess } from './child-process';
import { identify } from './process-identity';
import { createRestartPolicy } from './restart-policy';
import type { Say } from './terminal';

/** A process that the stack keeps running. */
export interface Service {
  readonly name: string;
  start(): ChildProcess;
  /** Returns when the started process is of use; throws when it will not be. */
  ready?(child: ChildProcess): Promise<void>;
  /** What it said last, to explain why it ended. */
  lastWords?(): string | undefined;
  readonly stopSignal: NodeJS.Signals;
  readonly stopDeadlineMs: number;
}

export interface Supervised {
  readonly name: string;
  /** Ends it and does not start it again; at once when forced. */
  stop(force?: boolean): Promise<void>;
}

export interface SuperviseOptions {
  readonly dataDir: string;
  readonly say: Say;
  /** Called when it failed too often to be started again. */
  onGaveUp(message: string): void;
}

/** Starts the service, and starts it again, with growing pauses, whenever it ends by itself. */
export async function supervise(service: Service, { dataDir, say, onGaveUp }: SuperviseOptions): Promise<Supervised> {
  const policy = createRestartPolicy();
  let stopping = false;
  let current: ChildProcess | undefined;

  async function run(): Promise<void> {
    const beganMs = Date.now();
    const child = service.start();
    current = child;
    child.once('error', (error) => say(`${service.name}: ${error.message}`));
    child.once('close', () => void restart(child, Date.now() - beganMs));
    await recordProcess(dataDir, service.name, child);
  }

  async function restart(child: ChildProcess, ranMs: number): Promise<void> {
    forgetProcess(dataDir, service.name);
    if (stopping) return;
    const how = child.signalCode ?? `code ${child.exitCode}`;
    const words = service.lastWords?.();
    const because = words === undefined ? '' : `: ${words}`;
    const pauseMs = policy.next(ranMs);
    if (pauseMs === undefined) {
      onGaveUp(`${service.name} keeps failing (${how})${because}`);
      return;
    }
    say(`${service.name} ended (${how})${because}; starting it again in ${pauseMs / 1000} s`);
    await sleep(pauseMs);
    if (!stopping) await run();
  }

  async function stop(force = false): Promise<void> {
    stopping = true;
    const identity = current?.pid === undefined ? undefined : identify(current.pid);
    if (identity !== undefined) {
      await endProcess(identity, {
        signal: force ? 'SIGKILL' : service.stopSignal,
        deadlineMs: force ? 1_000 : service.stopDeadlineMs,
      });
    }
    forgetProcess(dataDir, service.name);
  }

  await run();
  try {
    if (current !== undefined) await service.ready?.(current);
  } catch (error) {
    await stop(true);
    throw error;
  }
  return { name: service.name, stop };
}
