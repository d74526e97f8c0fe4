import { Pool } from 'undici';
import { serveTasks } from '../support/child';

export interface AskTask {
  readonly url: string;
  readonly key: string;
  readonly clients: number;
  readonly calls: number;
}

export interface Asked {
  readonly callsPerSecond: number;
  readonly latenciesMs: readonly number[];
  readonly last: string;
}

const pools = new Map<string, Pool>();

/** So many clients, each of which calls again when it is answered. */
serveTasks<AskTask, Asked>(async ({ url, key, clients, calls }) => {
  const { origin, pathname } = new URL(url);
  const pool = pools.get(origin) ?? new Pool(origin, { connections: 32, pipelining: 1 });
  pools.set(origin, pool);
  const latenciesMs: number[] = [];
  let left = calls;
  let last = '';
  const ask = async () => {
    while (left-- > 0) {
      const askedMs = performance.now();
      const { statusCode, body } = await pool.request({
        ...{ method: 'POST', path: pathname },
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ input: { id: String(left) } }),
      });
      last = await body.text();
      if (statusCode !== 200) throw new Error(`${statusCode} ${last}`);
      latenciesMs.push(performance.now() - askedMs);
    }
  };
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: clients }, ask));
  return { callsPerSecond: (calls * 1_000) / (performance.now() - beganMs), latenciesMs, last };
});
