import { AsyncLocalStorage } from 'node:async_hooks';
import { Context } from '@temporalio/activity';

const storage = new AsyncLocalStorage<AbortSignal>();

/** Runs the activity's work under a signal that a kill switch can abort as well as a cancellation. */
export function withWorkSignal<T>(signal: AbortSignal, work: () => T): T {
  return storage.run(AbortSignal.any([signal, Context.current().cancellationSignal]), work);
}

/** Aborts when the work is to stop. Adapters are handed it, and loops ask it between items. */
export function workSignal(): AbortSignal {
  return storage.getStore() ?? Context.current().cancellationSignal;
}
