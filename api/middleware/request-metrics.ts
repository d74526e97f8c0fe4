import type { RequestHandler } from 'express';
import { Gauge, Histogram, type Registry } from 'prom-client';

/** Counts and times every request by the template of its route; what met no route is `unmatched`. */
export function requestMetrics(registry: Registry): RequestHandler {
  const durations = new Histogram({
    name: 'aos_http_request_duration_seconds',
    help: 'Time from the request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  const inFlight = new Gauge({
    name: 'aos_http_requests_in_flight',
    help: 'Requests that were not answered yet',
    registers: [registry],
  });
  inFlight.set(0);
  return (req, res, next) => {
    const began = performance.now();
    inFlight.inc();
    res.once('close', () => {
      inFlight.dec();
      const route = (req.route as { path?: unknown } | undefined)?.path;
      const labels = { method: req.method, route: typeof route === 'string' ? route : 'unmatched' };
      // An answer that never began has no status; the caller went away.
      const status = res.headersSent ? res.statusCode : 499;
      durations.observe({ ...labels, status }, (performance.now() - began) / 1_000);
    });
    next();
  };
}
