import { AsyncLocalStorage } from 'node:async_hooks';
import { classify } from './classify';
import type { Trouble } from './failures';
import type { UpstreamAuth } from './port';

/** An answer as it came, before anything was made of it. */
export interface RawAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown };
}

/** What is known of one request to a server while it is under way. */
export interface Exchange {
  /** Aborted as soon as the exchange has failed. */
  readonly signal: AbortSignal;
  /** How the caller is authorized; undefined where the transport needs no requests of its own. */
  readonly auth: UpstreamAuth | undefined;
  /** Of this exchange; a server may repeat them in its answer. */
  readonly secrets: Set<string>;
  /** Bytes of the request may have left. */
  isDispatched: boolean;
  /** The answer is to come in an event stream, and may come later than the end of the request. */
  isStreamed: boolean;
  /** To the last request, as an opening makes several. */
  answer: RawAnswer | undefined;
  trouble: Trouble | undefined;
  /** Hears what the server logs in the stream of the answer. */
  onLog: ((params: unknown) => void) | undefined;
  /** The first trouble counts. */
  fail(trouble: Trouble): void;
  /** Runs when the exchange is over, however it went. */
  onEnd(work: () => void): void;
}

/** The exchange on whose behalf code runs: the protocol's library lets no other way through to its transport. */
export const exchanges = new AsyncLocalStorage<Exchange>();

export interface ExchangeInput {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly auth?: UpstreamAuth | undefined;
  /** Why the connection ended, once it has. */
  readonly lostBy?: () => Trouble | undefined;
}

/** Does one request within its time. Fails as UpstreamFailure; the promise settles as soon as the outcome is decided. */
export async function inExchange<T>(input: ExchangeInput, work: (exchange: Exchange) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const endings: (() => void)[] = [];
  const exchange: Exchange = {
    signal: controller.signal,
    auth: input.auth,
    secrets: new Set(),
    isDispatched: false,
    isStreamed: false,
    answer: undefined,
    trouble: undefined,
    onLog: undefined,
    fail(trouble) {
      if (exchange.trouble !== undefined) return;
      exchange.trouble = trouble;
      controller.abort(new Error(trouble.message));
    },
    onEnd: (ending) => void endings.push(ending),
  };
  const cancel = () => exchange.fail({ problem: 'cancelled', message: 'The request was cancelled by its caller.' });
  const timer = setTimeout(() => {
    exchange.fail({ problem: 'timeout', message: `The server did not answer within ${input.timeoutMs} ms.` });
  }, input.timeoutMs);
  input.signal?.addEventListener('abort', cancel, { once: true });
  if (input.signal?.aborted) cancel();
  try {
    return await exchanges.run(exchange, () => orAborted(exchange, work));
  } catch (error) {
    throw classify(error, exchange, input.lostBy?.());
  } finally {
    clearTimeout(timer);
    input.signal?.removeEventListener('abort', cancel);
    endings.forEach((ending) => ending());
  }
}

async function orAborted<T>(exchange: Exchange, work: (exchange: Exchange) => Promise<T>): Promise<T> {
  exchange.signal.throwIfAborted();
  const working = work(exchange);
  working.catch(() => {});
  return await new Promise<T>((resolve, reject) => {
    exchange.signal.addEventListener('abort', () => reject(exchange.signal.reason as Error), { once: true });
    working.then(resolve, reject);
  });
}
