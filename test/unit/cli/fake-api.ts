import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly body: unknown;
}

export interface Reply {
  readonly status?: number;
  readonly data?: unknown;
  readonly error?: unknown;
  readonly meta?: Record<string, unknown>;
  /** Instead of an envelope. */
  readonly raw?: string;
  /** A stream of these events, which then ends. */
  readonly events?: readonly Readonly<Record<string, unknown>>[];
}

export type Handler = (request: SeenRequest) => Reply;

export interface FakeApi {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Answers `METHOD /path` (below /api/v1) from now on. */
  on(route: string, reply: Reply | Handler): void;
  reset(): void;
  stop(): Promise<void>;
}

/** A real HTTP server that answers with the envelopes of the wire contract. */
export async function startFakeApi(): Promise<FakeApi> {
  const routes = new Map<string, Handler>();
  const seen: SeenRequest[] = [];

  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://test');
      const text = Buffer.concat(chunks).toString('utf8');
      const request: SeenRequest = {
        method: incoming.method ?? '',
        path: url.pathname.replace(/^\/api\/v1/, ''),
        query: url.searchParams,
        headers: incoming.headers,
        text,
        body: incoming.headers['content-type'] === 'application/json' ? JSON.parse(text) : undefined,
      };
      seen.push(request);
      const reply = routes.get(`${request.method} ${request.path}`)?.(request) ?? notFound;
      outgoing.statusCode = reply.status ?? (reply.error === undefined ? 200 : 400);
      if (reply.events !== undefined) {
        outgoing.setHeader('Content-Type', 'text/event-stream');
        return outgoing.end(reply.events.map(toWire).join(''));
      }
      outgoing.setHeader('Content-Type', reply.raw === undefined ? 'application/json' : 'text/html');
      outgoing.end(reply.raw ?? JSON.stringify(envelope(reply)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    on: (route, reply) => void routes.set(route, typeof reply === 'function' ? reply : () => reply),
    reset() {
      routes.clear();
      seen.length = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function toWire({ id, event, data }: Readonly<Record<string, unknown>>): string {
  return `${id === undefined ? '' : `id: ${String(id)}\n`}event: ${String(event)}\ndata: ${JSON.stringify(data)}\n\n`;
}

const notFound: Reply = {
  status: 404,
  error: { category: 'permanent', code: 'resource_not_found', reason: 'NOT_FOUND', message: 'there is no such route' },
};

function envelope({ data, error, meta }: Reply) {
  const common = { request_id: 'req-0123456789ab', timestamp: '2026-03-01T10:00:00.000Z', ...meta };
  return error === undefined ? { success: true, data, meta: common } : { success: false, error, meta: common };
}
