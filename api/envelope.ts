import type { Response } from 'express';
import { errorRules, type EngineError } from '../contracts/errors';
import { challengeOf } from './middleware/bearer';
import { requestIds } from './middleware/request-ids';

export function sendSuccess(
  res: Response,
  { status, data, meta = {} }: { status: number; data: unknown; meta?: Readonly<Record<string, unknown>> },
): void {
  res.status(status).json({ success: true, data, meta: { ...metaOf(res), ...meta } });
}

export function sendFailureEnvelope(res: Response, failure: EngineError): void {
  const { code, reason, message, details, retryAfterSeconds } = failure;
  const { category, httpStatus } = errorRules[code];
  if (retryAfterSeconds !== undefined) res.set('Retry-After', String(retryAfterSeconds));
  if (httpStatus === 401) res.set('WWW-Authenticate', challengeOf(res.req.headers.authorization));
  res.status(httpStatus).json({
    success: false,
    error: { category, code, reason, message, retry_after_seconds: retryAfterSeconds, details },
    meta: metaOf(res),
  });
}

function metaOf(res: Response) {
  return { request_id: requestIds(res).requestId, timestamp: new Date().toISOString() };
}
