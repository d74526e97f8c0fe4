import type { FetchLike } from '@modelcontextprotocol/client';
import { DecoratorHandler, type Dispatcher, fetch, type Response } from 'undici';
import { authorize } from '../auth/authorization';
import type { ReadToken } from '../auth/client-credentials';
import { type Exchange, exchanges } from '../exchange';
import { notSent, type Trouble, UpstreamFailure } from '../failures';
import type { UpstreamLimits } from '../limits';
import type { UpstreamAuth } from '../port';
import { boundBody } from './bound-body';

export interface GuardedFetchOptions {
  readonly url: URL;
  /** Of whoever opened the connection; an exchange brings its own. */
  readonly auth: UpstreamAuth;
  readonly egress: Dispatcher;
  readonly readToken: ReadToken;
  readonly limits: UpstreamLimits;
  readonly now: () => number;
  /** Whether servers may be asked for a stream of their own: the old transport has no other way to answer. */
  readonly opensStreams: boolean;
  /** What broke a stream that belongs to no exchange. */
  readonly onTrouble: (trouble: Trouble) => void;
}

const asideTimeoutMs = 10_000;

/**
 * The only way from the protocol's library to a server: one origin, through the guard, bounded, without cookies, and never
 * along a redirect by itself. Credentials are put on here, so that they can go nowhere else.
 */
export function createGuardedFetch(options: GuardedFetchOptions): FetchLike {
  const { url: own, egress, limits, now } = options;
  return (async (input: string | URL, init: RequestInit = {}) => {
    const url = new URL(input);
    if (url.origin !== own.origin) throw notSent('address_refused', 'The server leads to another origin.');
    const headers = new Headers(init.headers);
    // Nothing is read of what a server says unasked, so it need not be listened to; to resume an answer is another matter.
    const isOwnStream = init.method !== 'POST' && init.method !== 'DELETE' && !headers.has('last-event-id');
    if (isOwnStream && !options.opensStreams) return new globalThis.Response(null, { status: 405 });

    const exchange = exchanges.getStore();
    const ends = [init.signal, exchange?.signal].filter((signal) => signal != null);
    if (exchange === undefined && !isOwnStream) ends.push(AbortSignal.timeout(asideTimeoutMs));
    // A stream of its own lives as long as the connection, and not only as long as the exchange that opened it.
    const signal = isOwnStream && init.signal != null ? init.signal : AbortSignal.any(ends);
    const response = await send({ url, init, headers, signal, exchange });
    return boundBody(response, {
      limits,
      now,
      onTooMuch: (trouble) =>
        exchange !== undefined && !isOwnStream ? exchange.fail(trouble) : options.onTrouble(trouble),
      onStream: () => exchange !== undefined && (exchange.isStreamed = true),
    });
  }) as unknown as FetchLike;

  async function send({ url, init, headers, signal, exchange }: Sent): Promise<Response> {
    const auth = exchange?.auth ?? options.auth;
    let refused: string | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const own = await authorize({ auth, signal, readToken: options.readToken, refused }).catch((error: unknown) => {
        if (error instanceof UpstreamFailure) exchange?.fail(error.trouble);
        throw error;
      });
      own.secrets.forEach((secret) => exchange?.secrets.add(secret));
      const all = { ...Object.fromEntries(headers), 'user-agent': 'AOS/1.0', ...own.headers };
      const response = await fetch(url, {
        method: init.method ?? 'GET',
        body: (init.body ?? null) as string | null,
        headers: all,
        signal,
        redirect: 'manual',
        dispatcher: watched(egress, exchange),
      });
      // 401 is the one answer after which the same request may be made again: it was turned away at the door.
      if (response.status !== 401 || auth.type !== 'oauth' || attempt === 2) return response;
      await response.body?.cancel();
      if (exchange !== undefined) exchange.isDispatched = false;
      refused = own.secrets[0];
    }
  }
}

interface Sent {
  readonly url: URL;
  readonly init: RequestInit;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  readonly exchange: Exchange | undefined;
}

/** Tells the exchange when its request is given to a connection: until then nothing of it has left. */
function watched(egress: Dispatcher, exchange: Exchange | undefined): Dispatcher {
  if (exchange === undefined) return egress;
  return egress.compose((dispatch) => (options, handler) => dispatch(options, startHandler(handler, exchange)));
}

function startHandler(inner: Dispatcher.DispatchHandler, exchange: Exchange): Dispatcher.DispatchHandler {
  // It speaks today's form of the interface to either form of handler; its types leave that out.
  const handler = new DecoratorHandler(inner) as Required<Pick<Dispatcher.DispatchHandler, 'onRequestStart'>>;
  const start = handler.onRequestStart.bind(handler);
  handler.onRequestStart = (...args) => {
    exchange.isDispatched = true;
    start(...args);
  };
  return handler;
}
