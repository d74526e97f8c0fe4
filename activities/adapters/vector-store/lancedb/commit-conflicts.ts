import { setTimeout } from 'node:timers/promises';
import { EngineError } from '../../../../contracts/errors';

const attemptsMax = 12;
const pauseMaxMs = 1_000;

/**
 * Repeats work that lost against another writer's commit; LanceDB does so itself for most merges, but not for
 * compaction and indexes. Fails as `resource_busy` when it keeps losing.
 */
export async function retryOnConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!/commit conflict|too much contention/i.test(messageOf(error))) throw error;
      if (attempt === attemptsMax) {
        throw new EngineError('resource_busy', 'The search index is being written by others.', { cause: error });
      }
      await setTimeout(Math.random() * Math.min(50 * 2 ** attempt, pauseMaxMs));
    }
  }
}

/** The native module tells its errors apart by message only; they may come from another realm than ours. */
export function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';
}
