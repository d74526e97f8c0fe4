import { setTimeout as sleep } from 'node:timers/promises';

export interface AwaitedCall {
  /** Told by whoever carries the call out in this process. */
  readonly settled: Promise<void>;
  readonly waitMs: number;
  /** Waits for the end of the workflow, for `waitMs` at most. */
  readonly askEngine: () => Promise<void>;
  readonly askAfterMs: number;
}

/**
 * The outcome is on record before its workflow has ended, so whoever hears of it here need not wait longer. The engine is
 * asked about a call that takes long, or is carried out elsewhere.
 */
export async function awaitEnd({ settled, waitMs, askEngine, askAfterMs }: AwaitedCall): Promise<void> {
  if (await isWithin(settled, Math.min(askAfterMs, waitMs))) return;
  await Promise.race([settled, askEngine()]);
}

async function isWithin(event: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([event.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
