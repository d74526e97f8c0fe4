import { SSEClientTransport, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import type { Dispatcher } from 'undici';
import type { ReadToken } from '../auth/client-credentials';
import { notSent, type Trouble } from '../failures';
import type { UpstreamLimits } from '../limits';
import type { WebServer } from '../port';
import { watchTransport } from '../watch-transport';
import { createGuardedFetch } from './guarded-fetch';

export interface WebTransportOptions {
  readonly server: WebServer;
  readonly egress: Dispatcher;
  readonly readToken: ReadToken;
  readonly limits: UpstreamLimits;
  readonly now: () => number;
  readonly onTrouble: (trouble: Trouble) => void;
}

export interface WebTransport {
  readonly transport: Transport;
  /** Tells the server that its session is over, where there is one. */
  readonly sayGoodbye: () => Promise<void>;
}

export function openWebTransport({ server, ...options }: WebTransportOptions): WebTransport {
  const url = urlOf(server);
  const isOld = server.transport === 'sse';
  const fetch = createGuardedFetch({ ...options, url, auth: server.auth, opensStreams: isOld });
  if (isOld) {
    const inner = new SSEClientTransport(url, { fetch });
    const transport = watchTransport(inner, { answersIn: 'channel' });
    return { transport, sayGoodbye: async () => {} };
  }
  const inner = new StreamableHTTPClientTransport(url, { fetch });
  const transport = watchTransport(inner, { answersIn: 'response' });
  return { transport, sayGoodbye: () => inner.terminateSession() };
}

function urlOf({ url, transport }: WebServer): URL {
  if (!URL.canParse(url)) throw notSent('address_refused', 'The address of the server is none.');
  const parsed = new URL(url);
  const isWeb = parsed.protocol === 'http:' || parsed.protocol === 'https:';
  if (!isWeb || (transport === 'https' && parsed.protocol !== 'https:')) {
    throw notSent('address_refused', 'The address of the server is of another scheme than it was registered for.');
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw notSent('address_refused', 'An address carries no password; use a credential.');
  }
  return parsed;
}
