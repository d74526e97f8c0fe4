import { notSent } from './failures';

export interface GateOptions {
  /** Failures in a row that close it. */
  readonly failures: number;
  /** How long it is closed for; doubled each time that the next attempt fails too, up to the longest. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Keeps calls from a server that does not answer, except one at a time that tries whether it does again. */
export interface Gate {
  /** Fails as `circuit_open`. */
  pass(): void;
  answered(): void;
  failed(): void;
  /** The attempt told nothing about the server. */
  undecided(): void;
}

export function createGate({ failures, firstMs, longestMs }: GateOptions, now: () => number): Gate {
  let inARow = 0;
  let closedUntil = 0;
  let closedForMs = 0;
  let isTrying = false;
  return {
    pass() {
      if (inARow < failures) return;
      const waitMs = closedUntil - now();
      if (waitMs > 0 || isTrying) {
        const seconds = Math.max(1, Math.ceil(waitMs / 1000));
        throw notSent('circuit_open', 'The server has failed too often and is left alone for a while.', seconds);
      }
      isTrying = true;
    },
    answered() {
      inARow = 0;
      closedForMs = 0;
      isTrying = false;
    },
    failed() {
      // Of a call that was on its way when it closed: that says no more than those that closed it.
      if (inARow >= failures && !isTrying) return;
      inARow += 1;
      isTrying = false;
      if (inARow < failures) return;
      closedForMs = Math.min(longestMs, closedForMs === 0 ? firstMs : 2 * closedForMs);
      closedUntil = now() + closedForMs;
    },
    undecided() {
      isTrying = false;
    },
  };
}
