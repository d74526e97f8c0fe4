import type { ErrorRequestHandler } from 'express';
import { EngineError, errorRules, refusal } from '../../contracts/errors';
import { sendFailureEnvelope } from '../envelope';
import { logOf } from './request-log';

/** The last middleware: turns whatever was thrown into the failure envelope, and unknown errors into internal_error. */
export const sendFailure: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const failure = toEngineError(error);
  if (failure.code === 'internal_error') logOf(res).error({ err: failure }, 'request failed');
  else if (errorRules[failure.code].category === 'transient') logOf(res).warn({ err: failure }, 'request not served');
  if (res.headersSent) {
    // Half an answer cannot be taken back; the caller must not take it for a whole one.
    res.destroy();
    return;
  }
  sendFailureEnvelope(res, failure);
};

/** As the caller may see it: faults that have no code of ours say nothing of their inside. */
export function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  if (isCallersFault(error)) {
    return refusal('validation_error', 'the request cannot be read', { details: { field: 'url' }, cause: error });
  }
  return new EngineError('internal_error', 'something went wrong on our side; it is logged under the request id', {
    cause: error,
  });
}

// Express marks what the caller did wrong, such as a broken percent-encoding, with a status of the 400s.
function isCallersFault(error: unknown): boolean {
  if (!(error instanceof Error) || !('status' in error)) return false;
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500;
}
