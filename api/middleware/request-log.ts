import type { Response } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { contextIds, idsOf } from '../../context';
import type { ExecutionContext } from '../../contracts/execution-context';
import { requestIds } from './request-ids';

const quietPaths = new Set(['/healthz', '/readyz', '/metrics']);

/** One line a request: ids, method, path, status and time. Never a body, a header or a query string. */
export function requestLog(logger: Logger) {
  return pinoHttp({
    logger,
    genReqId: (_req, res) => requestIds(res as Response).requestId,
    autoLogging: { ignore: (req) => quietPaths.has(pathOf(req.url)) },
    quietReqLogger: true,
    customAttributeKeys: { reqId: 'request_id' },
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, path: pathOf(url) }),
      res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
    },
    customLogLevel: (_req, res) => (res.statusCode >= 500 ? 'error' : 'info'),
    customProps: (_req, res) => {
      const context = (res as Response).locals.context as ExecutionContext | undefined;
      // Where the context is still current, the logger adds its ids by itself.
      if (context === undefined || contextIds() !== undefined) return {};
      const { request_id: _alreadyThere, ...ids } = idsOf(context);
      return ids;
    },
    // The failure itself is logged where it is answered; this line would repeat it without its cause.
    customErrorObject: (_req, _res, _error, { err: _err, ...line }: Record<string, unknown>) => line,
  });
}

function pathOf(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0] ?? '';
}
