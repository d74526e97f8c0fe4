export interface RestartPolicy {
  /** The pause before the next start after a run of this length; undefined when it is time to give up. */
  next(ranMs: number): number | undefined;
}

/** Doubles the pause with every fast failure, and gives up after so many in a row. A long run begins anew. */
export function createRestartPolicy({ fastMs = 10_000, fastMax = 5, pauseMs = 500 } = {}): RestartPolicy {
  let fast = 0;
  return {
    next(ranMs) {
      fast = ranMs < fastMs ? fast + 1 : 0;
      return fast >= fastMax ? undefined : pauseMs * 2 ** Math.max(0, fast - 1);
    },
  };
}
