import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

export interface WebServer {
  /** `127.0.0.1:port`, as an allow list names it. */
  readonly host: string;
  readonly origin: string;
  /** What was asked for, in order, with the headers that matter here. */
  readonly asked: { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** What a path answers from now on; what has no answer is a 404. */
  answer(path: string, respond: Respond | string): void;
  pathsAsked(): string[];
  close(): Promise<void>;
}

/** A web server of this machine whose answers a test chooses. */
export async function startWebServer(): Promise<WebServer> {
  const answers = new Map<string, Respond>();
  const asked: WebServer['asked'] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push({ path, headers: request.headers });
    const respond = answers.get(path) ?? notFound;
    respond(request, response);
  });
  const host = `127.0.0.1:${await listening(server)}`;
  return {
    host,
    origin: `http://${host}`,
    asked,
    answer: (path, respond) => void answers.set(path, typeof respond === 'string' ? saying(respond) : respond),
    pathsAsked: () => asked.map(({ path }) => path),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function saying(text: string, headers: Record<string, string> = {}, status = 200): Respond {
  return (_request, response) => response.writeHead(status, headers).end(text);
}

const notFound = saying('nothing here', {}, 404);

export function redirecting(location: string, status = 302): Respond {
  return saying('', { location }, status);
}

/** A server that speaks raw bytes: what no HTTP library would send. */
export async function startRawServer(
  speak: (socket: Socket) => void,
): Promise<{ host: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => speak(socket));
  });
  const host = `127.0.0.1:${await listening(server)}`;
  return {
    host,
    async close() {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listening(server: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
