import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = { status?: number; data?: unknown; error?: unknown };

export interface FakeRest {
  readonly url: string;
  /** Each as `METHOD /path`, in order. */
  readonly requests: string[];
  close(): void;
}

/** An API that answers each request by a rule, and remembers what was asked. */
export async function startFakeRest(
  answer: (request: string, body: Record<string, unknown>, key: string) => Answer,
): Promise<FakeRest> {
  const requests: string[] = [];
  const listening = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      const asked = `${request.method} ${request.url?.replace('/api/v1', '')}`;
      requests.push(asked);
      const key = request.headers.authorization?.replace('Bearer ', '') ?? '';
      const { status = 200, ...envelope } = answer(asked, JSON.parse(text || '{}') as Record<string, unknown>, key);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ success: envelope.error === undefined, ...envelope }));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => listening.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    requests,
    close() {
      listening.closeAllConnections();
      listening.close();
    },
  };
}
