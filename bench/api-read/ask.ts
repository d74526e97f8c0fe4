import { Pool } from 'undici';
import { serveTasks } from '../support/child';

export interface AskTask {
  readonly origin: string;
  readonly path: string;
  readonly key: string;
  readonly clients: number;
  readonly requests: number;
}

export interface Asked {
  readonly requestsPerSecond: number;
  readonly latenciesMs: readonly number[];
  /** The last answer. */
  readonly body: string;
}

const pools = new Map<string, Pool>();

/** So many clients, each on a connection that stays, and each asks again when it is answered. */
serveTasks<AskTask, Asked>(async ({ origin, path, key, clients, requests }) => {
  const pool = pools.get(origin) ?? new Pool(origin, { connections: clients, pipelining: 1 });
  pools.set(origin, pool);
  const latenciesMs: number[] = [];
  let left = requests;
  let last = '';
  const ask = async () => {
    while (left-- > 0) {
      const askedMs = performance.now();
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path,
        headers: { authorization: `Bearer ${key}` },
      });
      last = await body.text();
      if (statusCode !== 200) throw new Error(`${statusCode} ${last}`);
      latenciesMs.push(performance.now() - askedMs);
    }
  };
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: clients }, ask));
  return { requestsPerSecond: (requests * 1_000) / (performance.now() - beganMs), latenciesMs, body: last };
});
