import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Death {
  readonly name: string;
  readonly at: string;
  /** A signal's name, or an exit code. */
  readonly how: string;
  /** Killed by a fault, at a barrier that a fault set, or while a server it needs was away. */
  readonly isOurs: boolean;
}

export interface KeptOptions {
  readonly name: string;
  start(extra: Environment): ChildProcess;
  ready(child: ChildProcess): Promise<void>;
  onDeath(death: Death): void;
  /** Told when it has ended and will come back, and before it does. */
  readonly onAway?: (isOver: boolean) => void;
}

export type Environment = Readonly<Record<string, string>>;

/** A process that is started again whenever it ends, as the supervisor of an installation would. */
export interface Kept {
  readonly name: string;
  pid(): number | undefined;
  /** Returns when a process that runs is ready. */
  start(): Promise<void>;
  /** SIGKILL, or another; it comes back with the given additions to its environment, which last for one life. */
  kill(options?: { signal?: NodeJS.Signals; next?: Environment; downMs?: number }): Promise<void>;
  /** Stops or continues it, without its notice. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Returns when the life that runs now has ended. */
  ended(): Promise<void>;
  /** Returns when a process runs and is ready. */
  untilReady(): Promise<void>;
  stop(signal: NodeJS.Signals): Promise<void>;
}

const pauseMs = 300;

export function keep({ name, start, ready, onDeath, onAway = () => {} }: KeptOptions): Kept {
  let child: ChildProcess | undefined;
  let isStopped = false;
  let isKilled = false;
  let next: Environment = {};
  let downMs = pauseMs;
  let ended = Promise.resolve();
  let isReady = Promise.resolve(false);

  function run(): void {
    const extra = next;
    next = {};
    const own = start(extra);
    child = own;
    isReady = ready(own).then(
      () => true,
      () => false,
    );
    ended = new Promise((resolve) => {
      own.once('close', (code, signal) => {
        const isOurs = isKilled || isStopped || extra.AOS_TEST_BARRIER !== undefined;
        onDeath({ name, at: new Date().toISOString(), how: signal ?? String(code), isOurs });
        child = undefined;
        isKilled = false;
        void again();
        resolve();
      });
    });
  }

  async function again(): Promise<void> {
    if (isStopped) return;
    onAway(false);
    const waitMs = downMs;
    downMs = pauseMs;
    await sleep(waitMs);
    if (isStopped) return;
    onAway(true);
    run();
  }

  async function untilReady(): Promise<void> {
    while (!isStopped) {
      if (child !== undefined && (await isReady)) return;
      await sleep(50);
    }
  }

  async function kill({
    signal = 'SIGKILL',
    ...then
  }: { signal?: NodeJS.Signals; next?: Environment; downMs?: number } = {}) {
    next = then.next ?? {};
    downMs = then.downMs ?? pauseMs;
    if (child === undefined) return;
    isKilled = true;
    child.kill(signal);
    await ended;
  }

  return {
    name,
    pid: () => child?.pid,
    async start() {
      run();
      await untilReady();
    },
    kill,
    signal: (signal) => void child?.kill(signal),
    ended: () => ended,
    untilReady,
    async stop(signal) {
      isStopped = true;
      if (child === undefined) return;
      child.kill('SIGCONT');
      child.kill(signal);
      const giveUp = setTimeout(() => child?.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(giveUp);
    },
  };
}
