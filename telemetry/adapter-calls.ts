import { Counter, Gauge, Histogram } from 'prom-client';
import type { Embedder } from '../activities/adapters/embedder/port';
import type { Around } from './around';
import type { Metrics } from './metrics';
import { outcomeOf, secondsSince } from './operations';

/** Times every call of an adapter. */
export function measureCalls({ registry }: Metrics): Around {
  const calls = new Histogram({
    name: 'aos_adapter_call_duration_seconds',
    help: 'Time of a call to an adapter: embedder, vector store, object store',
    labelNames: ['adapter', 'method', 'outcome'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  return async ({ adapter, method }, work) => {
    const began = performance.now();
    const end = (outcome: string) => calls.observe({ adapter, method, outcome }, secondsSince(began));
    try {
      const result = await work();
      end('ok');
      return result;
    } catch (error) {
      end(outcomeOf(error));
      throw error;
    }
  };
}

/** Counts the texts, and those that wait or are at work now. */
export function measureEmbedder({ registry }: Metrics, embedder: Embedder): Embedder {
  const texts = new Counter({
    name: 'aos_embedder_texts_total',
    help: 'Texts turned into vectors',
    registers: [registry],
  });
  const waiting = new Gauge({
    name: 'aos_embedder_texts_waiting',
    help: 'Texts that wait for the embedder or are at work in it',
    registers: [registry],
  });
  waiting.set(0);
  const embed: Embedder['embed'] = async (batch, options) => {
    waiting.inc(batch.length);
    try {
      const vectors = await embedder.embed(batch, options);
      texts.inc(batch.length);
      return vectors;
    } finally {
      waiting.dec(batch.length);
    }
  };
  return Object.assign(Object.create(embedder) as Embedder, { embed });
}
