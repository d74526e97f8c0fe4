import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { type Exchange, exchanges, type RawAnswer } from './exchange';
import type { Trouble } from './failures';
import { isTooDeep } from './is-too-deep';

export interface WatchOptions {
  /** Answers come with the response to a request, or all over one channel. */
  readonly answersIn: 'response' | 'channel';
  /** Its library looks at these two names to tell a child process from a web server. */
  readonly isChild?: boolean;
  /** What the server was given when it began, and may repeat in any of its answers. */
  readonly secrets?: readonly string[];
}

type Requests = JSONRPCMessage & { readonly id?: string | number; readonly method?: string; readonly params?: unknown };

/** The same transport, which tells each exchange what becomes of its request. */
export function watchTransport(
  inner: Transport,
  { answersIn, isChild = false, secrets = [] }: WatchOptions,
): Transport {
  const awaited = new Map<string | number, Exchange>();
  const outer: Transport = {
    ...(inner.hasPerRequestStream === true && { hasPerRequestStream: true }),
    ...(isChild && { stderr: null, pid: null }),
    get sessionId() {
      return inner.sessionId;
    },
    setProtocolVersion: (version) => inner.setProtocolVersion?.(version),
    start: () => inner.start(),
    close: () => inner.close(),
    send: (message, options) => {
      const exchange = exchanges.getStore();
      // A notification outlives the exchange that it belongs to: that something was cancelled is said after the end.
      if (exchange === undefined || !isRequest(message)) return exchanges.exit(() => inner.send(message, options));
      awaited.set(message.id, exchange);
      exchange.onEnd(() => void awaited.delete(message.id));
      return request(message, options, exchange);
    },
  };
  inner.onclose = () => outer.onclose?.();
  inner.onerror = (error) => outer.onerror?.(error);
  inner.onmessage = (message, extra) => {
    if (isHeard(message as Requests)) outer.onmessage?.(message, extra);
  };
  return outer;

  async function request(message: JSONRPCMessage, options: Parameters<Transport['send']>[1], exchange: Exchange) {
    exchange.answer = undefined;
    exchange.isStreamed = false;
    secrets.forEach((secret) => exchange.secrets.add(secret));
    // The library waits on where it can hear nothing any more.
    const endsWith = (trouble: Trouble) => exchange.answer === undefined && exchange.fail(trouble);
    await inner.send(message, {
      ...options,
      onRequestStreamEnd: () => endsWith({ problem: 'connection_lost', message: 'The answer broke off.' }),
    });
    if (answersIn === 'response' && !exchange.isStreamed) {
      endsWith({ problem: 'malformed', message: 'The server answered something else than was asked.' });
    }
  }

  function isHeard(message: Requests): boolean {
    // A stream is read on behalf of the exchange that it answers; in a channel nobody knows whom an entry is for.
    if (message.method === 'notifications/message') exchanges.getStore()?.onLog?.(message.params);
    if (message.method !== undefined || message.id === undefined) return true;
    const exchange = awaited.get(message.id);
    if (exchange === undefined) return true;
    if (isTooDeep(message)) {
      exchange.fail({ problem: 'malformed', message: 'The answer is nested too deeply.' });
      return false;
    }
    if (exchange.trouble === undefined) exchange.answer = message as RawAnswer;
    return true;
  }
}

function isRequest(message: JSONRPCMessage): message is JSONRPCMessage & { id: string | number } {
  return 'method' in message && 'id' in message;
}
