import { Gauge } from 'prom-client';
import type { Pool } from 'pg';
import type { Metrics } from './metrics';

/** Returns the hook that watches a pool; the pool's name is its application name. */
export function watchPools({ registry }: Metrics): (pool: Pool, name: string) => void {
  const pools = new Map<string, Pool>();
  const series: readonly (readonly [string, string, (pool: Pool) => number])[] = [
    ['aos_pg_pool_connections', 'Connections that are open', (pool) => pool.totalCount],
    ['aos_pg_pool_connections_idle', 'Connections that wait for work', (pool) => pool.idleCount],
    ['aos_pg_pool_connections_max', 'Connections at most', (pool) => pool.options.max],
    ['aos_pg_pool_waiting', 'Callers that wait for a connection', (pool) => pool.waitingCount],
  ];
  for (const [name, help, read] of series) {
    new Gauge({
      name,
      help,
      labelNames: ['pool'],
      registers: [registry],
      collect() {
        for (const [name, pool] of pools) this.set({ pool: name }, read(pool));
      },
    });
  }
  return (pool, name) => void pools.set(name, pool);
}
