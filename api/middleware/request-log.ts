import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { contextIds, idsOf } from '../../context';
import type { ExecutionContext } from '../../contracts/execution-context';
import { requestIds } from './request-ids';

const quietPaths = new Set(['/healthz', '/readyz', '/metrics']);

/** One line a request: ids, method, path, status and time in ms. Never a body, a header or a query string. */
export function requestLog(logger: Logger): RequestHandler {
  // Looking for secrets costs ten times the line itself, and this one is made of what cannot hold any.
  const lines = logger.child({}, { redact: [] });
  return (req, res, next) => {
    res.locals.logger = logger;
    const { method, url } = req;
    const path = pathOf(url);
    const beganMs = Date.now();
    let isWritten = quietPaths.has(path);
    const write = () => {
      if (isWritten) return;
      isWritten = true;
      const line = {
        ...contextIdsOf(res),
        request_id: requestIds(res).requestId,
        req: { method, path },
        res: { status: res.statusCode },
        responseTime: Date.now() - beganMs,
      };
      // A failure itself is logged where it is answered; this line would repeat it without its cause.
      if (res.statusCode >= 500) lines.error(line, 'request errored');
      else lines.info(line, res.writableEnded ? 'request completed' : 'request aborted');
    };
    // An error that nobody hears ends the process.
    res.on('finish', write).on('close', write).on('error', write);
    next();
  };
}

/** For what goes wrong with a request: its id is in every line. */
export function logOf(res: Response): Logger {
  return (res.locals.logger as Logger).child({ request_id: requestIds(res).requestId });
}

function contextIdsOf(res: Response) {
  const context = res.locals.context as ExecutionContext | undefined;
  // Where the context is still current, the logger adds its ids by itself.
  return context === undefined || contextIds() !== undefined ? undefined : idsOf(context);
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
