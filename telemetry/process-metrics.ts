import type { Pool } from 'pg';
import type { AdapterHooks } from './adapter-hooks';
import { measureCalls, measureEmbedder } from './adapter-calls';
import { createMetrics, type Metrics } from './metrics';
import { measureGovernance } from './operations';
import { watchPools } from './pools';

export interface ProcessMetrics {
  readonly metrics: Metrics;
  readonly onPool: (pool: Pool, name: string) => void;
  readonly governance: ReturnType<typeof measureGovernance>;
  readonly adapters: Pick<Required<AdapterHooks>, 'around' | 'watchEmbedder'>;
}

/** Everything that API and worker measure alike. */
export function createProcessMetrics(version: string): ProcessMetrics {
  const metrics = createMetrics({ version });
  return {
    metrics,
    onPool: watchPools(metrics),
    governance: measureGovernance(metrics),
    adapters: {
      around: measureCalls(metrics),
      watchEmbedder: (embedder) => measureEmbedder(metrics, embedder),
    },
  };
}
