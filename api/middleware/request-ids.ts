import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { newId } from '../../operations/ids';
import { currentPosition } from '../../telemetry/spans';

export interface RequestIds {
  readonly requestId: string;
  readonly traceId: string;
  readonly spanId?: string;
}

const requestIdForm = /^[A-Za-z0-9._-]{1,64}$/;
const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Gives each request its ids: the caller's where they are well-formed, else fresh ones. The request's is echoed. */
export const assignRequestIds: RequestHandler = (req, res, next) => {
  const position = currentPosition() ?? { traceId: traceIdOf(req.headers) };
  const ids: RequestIds = { requestId: requestIdOf(req.headers), ...position };
  res.locals.ids = ids;
  res.set('X-Request-ID', ids.requestId);
  next();
};

export function requestIds(res: Response): RequestIds {
  return res.locals.ids as RequestIds;
}

function requestIdOf({ 'x-request-id': given }: IncomingHttpHeaders): string {
  return typeof given === 'string' && requestIdForm.test(given) ? given : newId('req-');
}

function traceIdOf({ traceparent }: IncomingHttpHeaders): string {
  const given = typeof traceparent === 'string' ? traceparentForm.exec(traceparent)?.[1] : undefined;
  // Drawn from a store of random bytes that Node keeps for this function alone. Its last seven bytes are random, as
  // W3C Trace Context asks.
  return given ?? randomUUID().replaceAll('-', '');
}
