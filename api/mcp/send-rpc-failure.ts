import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Request, Response } from 'express';
import { errorRules, type EngineError } from '../../contracts/errors';
import { toEngineError } from '../middleware/failures';
import { logOf } from '../middleware/request-log';
import { dataOf, serverError } from './protocol-errors';
import { setChallenge } from './resource-metadata';

/** What goes wrong before there is a message to answer: the status of HTTP, and a JSON-RPC error for no request. */
export function sendRpcFailure(req: Request, res: Response, error: unknown): void {
  const failure = toEngineError(error);
  if (failure.code === 'internal_error') logOf(res).error({ err: failure }, 'request failed');
  else if (errorRules[failure.code].category === 'transient') logOf(res).warn({ err: failure }, 'request not served');
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const { httpStatus } = errorRules[failure.code];
  if (failure.retryAfterSeconds !== undefined) res.set('Retry-After', String(failure.retryAfterSeconds));
  if (httpStatus === 401) setChallenge(req, res);
  res.status(httpStatus).json({
    jsonrpc: '2.0',
    id: null,
    error: { code: codeOf(failure), message: failure.message, data: dataOf(failure) },
  });
}

function codeOf({ code, cause }: EngineError): number {
  if (code === 'internal_error') return ProtocolErrorCode.InternalError;
  if (code !== 'invalid_input') return serverError;
  const isNoJson = cause instanceof Error && 'type' in cause && cause.type === 'entity.parse.failed';
  return isNoJson ? ProtocolErrorCode.ParseError : ProtocolErrorCode.InvalidRequest;
}
