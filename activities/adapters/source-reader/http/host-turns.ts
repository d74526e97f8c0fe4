import { setTimeout as sleep } from 'node:timers/promises';
import { abortable } from './abortable';
import type { Timing } from './limits';
import { HttpProblem } from './problems';

interface Host {
  /** Settles when the last one in the queue is done. */
  tail: Promise<unknown>;
  /** Clock readings: the earliest start of the next request, and until when nobody is let through. */
  nextAt: number;
  closedUntil: number;
  failures: number;
  waiting: number;
}

export interface Turn {
  readonly host: string;
  /** Between the starts of two requests, where the host asks for more than we keep anyway. */
  readonly intervalMs?: number;
  readonly signal: AbortSignal;
}

export type HostTurns = ReturnType<typeof createHostTurns>;

const hostsMax = 1_000;
const failuresMax = 5;
// A host that asks for a year is asked again after an hour.
const restMsMax = 3_600_000;

/**
 * One request at a time to a host, with an interval between them, for all sources that this process reads. A host that
 * failed several times in a row, or asked for a long rest, is left alone for a while: its turns fail at once.
 */
export function createHostTurns(timing: Pick<Timing, 'hostIntervalMs' | 'closedMs' | 'retryAfterMsMax'>) {
  const hosts = new Map<string, Host>();

  return {
    async take<T>({ host: name, intervalMs = 0, signal }: Turn, work: () => Promise<T>): Promise<T> {
      const host = hostOf(name);
      const before = host.tail;
      let leave = () => {};
      const left = new Promise<void>((resolve) => (leave = resolve));
      host.tail = before.then(() => left);
      host.waiting += 1;
      try {
        await abortable(before, signal);
        requireOpen(name, host);
        const waitMs = host.nextAt - performance.now();
        if (waitMs > 0) await sleep(waitMs, undefined, { signal });
        host.nextAt = performance.now() + Math.max(timing.hostIntervalMs, intervalMs);
        return await work();
      } finally {
        host.waiting -= 1;
        leave();
      }
    },

    /** The host asked for a rest; false when it is longer than we wait for anybody. */
    rest(name: string, ms: number): boolean {
      const host = hostOf(name);
      const until = performance.now() + Math.min(ms, restMsMax);
      if (ms > timing.retryAfterMsMax) host.closedUntil = Math.max(host.closedUntil, until);
      else host.nextAt = Math.max(host.nextAt, until);
      return ms <= timing.retryAfterMsMax;
    },

    succeeded(name: string): void {
      hostOf(name).failures = 0;
    },

    failed(name: string): void {
      const host = hostOf(name);
      host.failures += 1;
      if (host.failures < failuresMax) return;
      host.failures = 0;
      host.closedUntil = Math.max(host.closedUntil, performance.now() + timing.closedMs);
    },
  };

  function hostOf(name: string): Host {
    const found = hosts.get(name) ?? { tail: Promise.resolve(), nextAt: 0, closedUntil: 0, failures: 0, waiting: 0 };
    hosts.delete(name);
    hosts.set(name, found);
    if (hosts.size > hostsMax) forgetOldest();
    return found;
  }

  // Never one that is still to be kept from: it would be asked again too soon.
  function forgetOldest(): void {
    const now = performance.now();
    for (const [name, host] of hosts) {
      if (host.waiting === 0 && host.nextAt < now && host.closedUntil < now) return void hosts.delete(name);
    }
  }
}

function requireOpen(name: string, host: Host): void {
  const seconds = Math.ceil((host.closedUntil - performance.now()) / 1000);
  if (seconds > 0)
    throw new HttpProblem('unavailable', `${name} is left alone for another ${seconds} s after its last answers`);
}
