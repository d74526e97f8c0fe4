import './no-telemetry';
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import { EngineError } from '../../../../contracts/errors';
import type { Embedder } from '../port';
import { findModelFolder } from './find-model-folder';
import { workerEntry } from './worker-entry';

export interface MiniLmOptions {
  /** Threads, each with a copy of the model (about 100 MB); two, or one on a single core. */
  readonly threads?: number;
}

/**
 * all-MiniLM-L6-v2 in threads of this process: 384 dimensions, no service and no download.
 * `embed` fails as `service_unavailable` when the threads cannot work, and with the signal's reason when aborted.
 */
export function createMiniLmEmbedder({ threads = Math.min(2, availableParallelism()) }: MiniLmOptions = {}): Embedder {
  const pool = new Piscina({
    ...workerEntry(),
    workerData: { modelFolder: findModelFolder() },
    minThreads: threads,
    maxThreads: threads,
    recordTiming: false,
  });
  // Failures reach the callers; without a listener they would end the process as well.
  pool.on('error', () => {});

  return {
    model: 'all-MiniLM-L6-v2-int8@1110a243',
    dimension: 384,
    async embed(texts, { signal } = {}) {
      const vectors: Float32Array[] = [];
      // As many texts in the queue as threads: a query then waits for a few texts, not for a whole batch.
      let next = 0;
      const work = async () => {
        for (let index = next++; index < texts.length; index = next++) {
          signal?.throwIfAborted();
          vectors[index] = await embedOne(pool, texts[index] ?? '');
        }
      };
      await Promise.all(Array.from({ length: Math.min(threads, texts.length) }, work));
      signal?.throwIfAborted();
      return vectors;
    },
    close: () => pool.destroy(),
  };
}

async function embedOne(pool: Piscina<string, Float32Array>, text: string): Promise<Float32Array> {
  try {
    return await pool.run(text);
  } catch (error) {
    throw new EngineError('service_unavailable', 'The embedding model cannot work.', { cause: error });
  }
}
