import { setMaxListeners } from 'node:events';
import { EngineError } from '../../contracts/errors';
import type { Caller } from '../services';

export interface StreamLimits {
  readonly perKeyMax: number;
  readonly perTenantMax: number;
  readonly heartbeatMs: number;
  /** For how long the answer that a key may go on is taken as still true. */
  readonly recheckMs: number;
}

/** The streams that this process keeps open. */
export interface Streams {
  readonly limits: StreamLimits;
  /** Aborted when the process stops: streams end, and their clients come back elsewhere. */
  readonly stopping: AbortSignal;
  /** Refuses when the key, or its tenant, has as many as it may; answers the release. */
  take(caller: Pick<Caller, 'actor' | 'tenantId'>): () => void;
  stop(): void;
}

const limitsDefault: StreamLimits = { perKeyMax: 50, perTenantMax: 200, heartbeatMs: 15_000, recheckMs: 2_000 };
const retryAfterSeconds = 10;

export function createStreams(changes: Partial<StreamLimits> = {}): Streams {
  const limits = { ...limitsDefault, ...changes };
  const counts = new Map<string, number>();
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);

  function add(name: string, n: 1 | -1): void {
    const count = (counts.get(name) ?? 0) + n;
    if (count > 0) counts.set(name, count);
    else counts.delete(name);
  }

  return {
    limits,
    stopping: stopping.signal,
    take({ actor, tenantId }) {
      if (stopping.signal.aborted) {
        throw new EngineError('service_unavailable', 'the API is stopping; connect again', { retryAfterSeconds: 2 });
      }
      const names = [`key ${actor.id}`, `tenant ${tenantId}`] as const;
      refuseAbove(limits.perKeyMax, 'key', counts.get(names[0]));
      refuseAbove(limits.perTenantMax, 'tenant', counts.get(names[1]));
      for (const name of names) add(name, 1);
      return () => {
        for (const name of names) add(name, -1);
      };
    },
    stop: () => stopping.abort(),
  };
}

function refuseAbove(max: number, owner: 'key' | 'tenant', count = 0): void {
  if (count < max) return;
  throw new EngineError('rate_limited', `this ${owner} has ${max} streams open, which is the most; close one first`, {
    retryAfterSeconds,
    details: { streams_max: max, per: owner },
  });
}
