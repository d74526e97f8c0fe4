import { ownProcessorSeconds } from '../support/cpu';

export interface Measured {
  /** Of each query, in order. */
  readonly latenciesMs: readonly number[];
  readonly totalMs: number;
  readonly ids: readonly (readonly string[])[];
  /** Of the process that asked. */
  readonly processorSeconds: number;
}

/** Asks all queries with so many callers, each of whom asks the next when the last is answered. */
export async function atOnce(
  queries: readonly string[],
  callers: number,
  ask: (query: string) => Promise<readonly string[]>,
): Promise<Measured> {
  const latenciesMs: number[] = [];
  const ids: (readonly string[])[] = [];
  const usedBefore = ownProcessorSeconds();
  const beganMs = performance.now();
  let next = 0;
  const call = async () => {
    for (let index = next++; index < queries.length; index = next++) {
      const askedMs = performance.now();
      ids[index] = await ask(queries[index] ?? '');
      latenciesMs[index] = performance.now() - askedMs;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return {
    latenciesMs,
    totalMs: performance.now() - beganMs,
    ids,
    processorSeconds: ownProcessorSeconds() - usedBefore,
  };
}
