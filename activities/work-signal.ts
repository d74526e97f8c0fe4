import { AsyncLocalStorage } from 'node:async_hooks';
import { Context } from '@temporalio/activity';
import type { SeenEpochs } from '../contracts/switches';

interface RunningHere {
  readonly signal: AbortSignal;
  /** Takes the epochs of the switches, as the fence of the work's own start has read them. */
  readonly passed: (seen: SeenEpochs) => Promise<void>;
}

const storage = new AsyncLocalStorage<RunningHere>();

/** Runs work under a signal that a kill switch can abort as well as a cancellation. */
export function withWorkSignal<T>(running: RunningHere, work: () => T): T {
  return storage.run(running, work);
}

/** Aborts when the work is to stop. Adapters are handed it, and loops ask it between items. */
export function workSignal(): AbortSignal {
  return storage.getStore()?.signal ?? Context.current().cancellationSignal;
}

/** Said by work that begins with a fenced operation, before anything leaves: what is thrown from there on aborts its signal. */
export async function passedFence(seen: SeenEpochs): Promise<void> {
  await storage.getStore()?.passed(seen);
}
