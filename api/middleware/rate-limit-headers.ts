import type { Response } from 'express';
import type { LimitState } from '../../contracts/rate-limits';

/**
 * Says how the limits stand: `RateLimit-Policy` and `RateLimit` as in draft-ietf-httpapi-ratelimit-headers-10. A policy
 * is named after what it limits; `t` is when its bucket is full again.
 */
export function setRateLimitHeaders(res: Response, states: readonly LimitState[]): void {
  if (states.length === 0) return;
  const policies = states.map(({ subject, requests, seconds }) => `"${subject}";q=${requests};w=${seconds}`);
  const standings = states.map(({ subject, requests, seconds, tokens }) => {
    const remaining = Math.floor(tokens);
    return `"${subject}";r=${remaining};t=${Math.ceil(((requests - tokens) * seconds) / requests)}`;
  });
  res.set('RateLimit-Policy', policies.join(', '));
  res.set('RateLimit', standings.join(', '));
}
