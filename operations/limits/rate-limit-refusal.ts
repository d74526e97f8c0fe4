import { refusal, type EngineError } from '../../contracts/errors';
import { formatRate, secondsUntilToken, type LimitState } from '../../contracts/rate-limits';

/** Of the buckets without a token, the one that takes longest to have one again is what the caller waits for. */
export function rateLimitRefusal(states: readonly LimitState[]): EngineError {
  const empty = states.filter(({ tokens }) => tokens < 1);
  const [first, ...rest] = empty;
  if (first === undefined) throw new Error('no limit is exhausted');
  const slowest = rest.reduce((a, b) => (secondsUntilToken(b) > secondsUntilToken(a) ? b : a), first);
  const seconds = secondsUntilToken(slowest);
  const { subject } = slowest;
  return refusal(
    'RATE_LIMIT_EXCEEDED',
    `the limit of ${formatRate(slowest)} for this ${subject} is used up; try again in ${seconds} s`,
    {
      retryAfterSeconds: seconds,
      details: { limit: subject, requests: slowest.requests, window_seconds: slowest.seconds },
    },
  );
}
