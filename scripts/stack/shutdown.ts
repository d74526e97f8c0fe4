import type { Supervised } from './supervise';
import type { Say } from './terminal';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
// A terminal sends Ctrl-C to npm and to us, and npm passes it on: two signals for one key.
const sameKeyMs = 1_000;

export interface Shutdown {
  /** Aborted when the stack is to end. */
  readonly signal: AbortSignal;
  /** Ends the stack as failed. */
  fail(message: string): void;
  readonly failure: string | undefined;
  /** Everything added is ended by `stopAll`, the last added first. */
  add(service: Supervised): void;
  stopAll(): Promise<void>;
}

/** Ctrl-C and SIGTERM end the stack in order; a second one kills what is left. */
export function createShutdown(say: Say): Shutdown {
  const controller = new AbortController();
  const services: Supervised[] = [];
  let failure: string | undefined;
  let askedMs: number | undefined;
  let forced = false;

  function onSignal(): void {
    if (askedMs === undefined) {
      askedMs = Date.now();
      say('Stopping; once more to force it.');
      controller.abort();
    } else if (!forced && Date.now() - askedMs > sameKeyMs) {
      forced = true;
      say('Stopping by force.');
      for (const service of services) void service.stop(true);
    }
  }
  for (const name of signals) process.on(name, onSignal);

  return {
    signal: controller.signal,
    get failure() {
      return failure;
    },
    fail(message) {
      failure ??= message;
      controller.abort();
    },
    add: (service) => void services.push(service),
    async stopAll() {
      for (const service of services.toReversed()) {
        const beganMs = Date.now();
        await service.stop(forced);
        say(`${service.name} stopped (${Date.now() - beganMs} ms)`);
      }
    },
  };
}
