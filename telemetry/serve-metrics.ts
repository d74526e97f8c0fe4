import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Metrics } from './metrics';

export const metricsPath = '/metrics';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A port of its own for a process that serves nothing else. */
export async function serveMetrics(
  metrics: Metrics,
  { host, port }: { host: string; port: number },
): Promise<MetricsServer> {
  const server = createServer({ requestTimeout: 10_000 }, (req, res) => void answer(metrics, req, res));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(metrics: Metrics, { method, url }: IncomingMessage, res: ServerResponse): Promise<void> {
  if (url !== metricsPath || method !== 'GET') {
    res.writeHead(404).end();
    return;
  }
  await writePage(metrics, res);
}

/** Writes the page; a fault of the page itself is a 500 without words. */
export async function writePage(metrics: Metrics, res: ServerResponse): Promise<void> {
  try {
    const page = await metrics.page();
    res.writeHead(200, { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' }).end(page);
  } catch {
    res.writeHead(500).end();
  }
}
