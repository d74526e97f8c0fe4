import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { EngineError } from '../../contracts/errors';

export interface KeySetOptions {
  readonly issuer: string;
  readonly load: () => Promise<JSONWebKeySet>;
  /** In milliseconds. */
  readonly now?: () => number;
}

interface Held {
  readonly find: JWTVerifyGetKey;
  readonly at: number;
}

/** Keys are asked for anew after the first, and not trusted after the second: what a provider takes back ends by then. */
export const keyTimes = { refreshMs: 5 * 60_000, trustedMs: 15 * 60_000, unknownPauseMs: 30_000, failedPauseMs: 5_000 };

/**
 * The keys of one issuer, asked for by one request at a time, however many tokens come. A key that nobody has heard of is
 * asked for once in a while, because anybody can invent one. Without keys nothing is decided: `service_unavailable`.
 */
export function createKeySet({ issuer, load, now = Date.now }: KeySetOptions): JWTVerifyGetKey {
  let held: Held | undefined;
  let asking: Promise<Held> | undefined;
  let failedAt = -Infinity;
  let unknownAt = -Infinity;

  async function ask(): Promise<Held> {
    const at = now();
    try {
      held = { find: createLocalJWKSet(await load()), at };
      return held;
    } catch (error) {
      failedAt = now();
      throw unavailable(issuer, error);
    } finally {
      asking = undefined;
    }
  }

  async function askAnew(): Promise<Held> {
    if (asking === undefined && now() - failedAt < keyTimes.failedPauseMs) throw unavailable(issuer);
    return (asking ??= ask());
  }

  async function current(): Promise<Held> {
    if (held === undefined || now() - held.at >= keyTimes.trustedMs) return askAnew();
    // Whoever comes now need not wait for it; if it fails, the next ones try again until the keys are too old.
    if (now() - held.at >= keyTimes.refreshMs) askAnew().catch(() => {});
    return held;
  }

  return async (header, token) => {
    const { find } = await current();
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (asking === undefined) {
        if (now() - unknownAt < keyTimes.unknownPauseMs) throw error;
        unknownAt = now();
      }
      return (await askAnew()).find(header, token);
    }
  };
}

function unavailable(issuer: string, cause?: unknown): EngineError {
  return new EngineError('service_unavailable', `the keys of ${issuer} cannot be had at present`, {
    reason: 'SERVICE_UNAVAILABLE',
    retryAfterSeconds: Math.ceil(keyTimes.failedPauseMs / 1_000),
    ...(cause !== undefined && { cause }),
  });
}
