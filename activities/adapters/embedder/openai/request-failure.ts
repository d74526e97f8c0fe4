import { EngineError } from '../../../../contracts/errors';

/** The failure for an HTTP status; the reply's body stays out, as it may repeat the texts or the key. */
export function responseFailure(status: number, retryAfter: string | null): EngineError {
  if (status === 429) return new EngineError('rate_limited', 'The embedding service is busy.', seconds(retryAfter));
  if (status >= 500 || status === 408) {
    return new EngineError('service_unavailable', `The embedding service answered ${status}.`, seconds(retryAfter));
  }
  const hint = status === 401 || status === 403 ? 'check its key' : 'check its address, model and dimension';
  return new EngineError('invalid_configuration', `The embedding service answered ${status}: ${hint}.`);
}

export function requestFailure(cause: unknown, isTimeout: boolean): EngineError {
  return isTimeout
    ? new EngineError('service_unavailable', 'The embedding service did not answer in time.', { cause })
    : new EngineError('service_unavailable', 'The embedding service cannot be reached.', { cause });
}

/** `Retry-After` is a number of seconds or a date. */
function seconds(retryAfter: string | null): { retryAfterSeconds?: number } {
  if (retryAfter === null) return {};
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(wait) ? { retryAfterSeconds: Math.max(1, Math.ceil(wait)) } : {};
}
