import { context as active, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { RequestHandler } from 'express';
import { startSpan } from '../../telemetry/spans';

const untraced = new Set(['/healthz', '/readyz', '/metrics']);

/** The span of the request: it continues the caller's trace where there is a traceparent, and begins one otherwise. */
export const traceRequest: RequestHandler = (req, res, next) => {
  if (untraced.has(req.path)) return next();
  const parent = propagation.extract(ROOT_CONTEXT, req.headers);
  const attributes = { 'http.request.method': req.method };
  const span = startSpan({ name: req.method, kind: SpanKind.SERVER, attributes }, parent);
  res.once('close', () => {
    const path = (req.route as { path?: unknown } | undefined)?.path;
    const route = typeof path === 'string' ? path : 'unmatched';
    span.updateName(`${req.method} ${route}`);
    span.setAttributes({ 'http.route': route, 'http.response.status_code': res.statusCode });
    if (res.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  });
  active.with(trace.setSpan(parent, span), () => next());
};
