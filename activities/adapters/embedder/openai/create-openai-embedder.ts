import { type Dispatcher, fetch } from 'undici';
import { EngineError } from '../../../../contracts/errors';
import type { Embedder } from '../port';
import { parseEmbeddings } from './parse-embeddings';
import { requestFailure, responseFailure } from './request-failure';

export interface OpenAiEmbedderOptions {
  /** Of the service (`https://host`, `https://host/v1`) or of the endpoint itself (`…/embeddings`). */
  readonly url: string;
  readonly model: string;
  readonly apiKey?: string | undefined;
  /** Length the vectors must have; 1536 when absent. */
  readonly dimension?: number | undefined;
  /** Decides which addresses may be reached. */
  readonly dispatcher?: Dispatcher;
  readonly timeoutMs?: number;
}

const textsPerRequest = 100;
const dimensionDefault = 1536;
// Only these models shorten their vectors on demand; other services refuse a request that names a length.
const shortenable = /^text-embedding-3-/;

/**
 * Any service with the OpenAI embeddings endpoint. It never retries: that is the caller's decision.
 * Fails as `rate_limited`, `service_unavailable` or `invalid_configuration`.
 */
export function createOpenAiEmbedder(options: OpenAiEmbedderOptions): Embedder {
  const endpoint = endpointOf(options.url);
  const dimension = options.dimension ?? dimensionDefault;
  return {
    model: options.model,
    dimension,
    async embed(texts, { signal } = {}) {
      const vectors: Float32Array[] = [];
      for (let from = 0; from < texts.length; from += textsPerRequest) {
        const part = texts.slice(from, from + textsPerRequest);
        const reply = await request(endpoint, options, part, signal);
        vectors.push(...parseEmbeddings(reply, part.length, dimension));
      }
      return vectors;
    },
    async close() {},
  };
}

function endpointOf(url: string): string {
  const base = url.replace(/\/+$/, '');
  if (base.endsWith('/embeddings')) return base;
  return /\/v\d+$/.test(base) ? `${base}/embeddings` : `${base}/v1/embeddings`;
}

async function request(
  endpoint: string,
  { model, apiKey, dimension, dispatcher, timeoutMs = 30_000 }: OpenAiEmbedderOptions,
  input: readonly string[],
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      redirect: 'error',
      headers: { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
      body: JSON.stringify({
        model,
        input,
        encoding_format: 'float',
        ...(dimension && shortenable.test(model) ? { dimensions: dimension } : {}),
      }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(dispatcher ? { dispatcher } : {}),
    });
    if (response.ok) return await response.json();
    await response.body?.cancel();
    throw responseFailure(response.status, response.headers.get('retry-after'));
  } catch (error) {
    signal?.throwIfAborted();
    // The guard's refusal comes wrapped into the client's own error.
    const reason: unknown = error instanceof TypeError ? (error.cause ?? error) : error;
    throw reason instanceof EngineError ? reason : requestFailure(error, timeout.aborted);
  }
}
