import { randomUUID } from 'node:crypto';
import type { Credentials } from './credentials';
import { ApiFailure, type WireError } from './failures';

export type Row = Readonly<Record<string, unknown>>;
export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Page {
  readonly items: readonly Row[];
  readonly hasMore: boolean;
}

export interface WriteOptions {
  readonly idempotencyKey?: string;
  readonly timeoutMs?: number;
}

export interface ApiClient {
  get(path: string, query?: Query): Promise<Row>;
  /** Follows the cursor until `limit` rows are there; some lists have smaller pages than the rest. */
  list(path: string, limit: number, query?: Query, pageSize?: number): Promise<Page>;
  /** What arrives of a stream of events, undecoded. */
  stream(path: string, options: { lastEventId: string | undefined; signal: AbortSignal }): AsyncIterable<string>;
  /** The bytes of a file, as they arrive. */
  download(path: string): AsyncIterable<Uint8Array>;
  write(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: Row | FormData, options?: WriteOptions): Promise<Row>;
}

const timeoutMsDefault = 60_000;
const pageSizeMax = 1000;
// Three heartbeats of the server.
const silenceMsMax = 45_000;

/** The REST API in terms of `data`: envelopes are opened here, and failures thrown as `ApiFailure`. */
export function createApiClient(options: {
  credentials: Credentials;
  fetch: typeof fetch;
  idempotencyKey?: string;
}): ApiClient {
  const { apiUrl, apiKey } = options.credentials;

  async function send(path: string, request: RequestInit & { timeoutMs?: number; idempotencyKey?: string }) {
    const { timeoutMs = timeoutMsDefault, idempotencyKey, ...init } = request;
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${apiKey}`);
    headers.set('Accept', 'application/json');
    if (idempotencyKey !== undefined) headers.set('Idempotency-Key', idempotencyKey);
    const sent = idempotencyKey === undefined ? {} : { idempotencyKey };
    const exchange = async () => {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await options.fetch(`${apiUrl}/api/v1${path}`, { ...init, headers, signal });
      return { response, text: await response.text() };
    };
    const { response, text } = await exchange().catch((error: unknown) => {
      throw unreachable(error, apiUrl, sent);
    });
    return openEnvelope(response, text, sent);
  }

  const getEnvelope = (path: string, query: Query = {}) => send(`${path}${queryString(query)}`, { method: 'GET' });

  /** The body as it arrives, given up when nothing comes for too long. Throws ApiFailure. */
  async function* receive(
    path: string,
    {
      headers = {},
      signal,
      isExpected = () => true,
    }: { headers?: Record<string, string>; signal?: AbortSignal; isExpected?: (contentType: string) => boolean },
  ): AsyncGenerator<Uint8Array> {
    const silence = new AbortController();
    const watchdog = setTimeout(() => silence.abort(), silenceMsMax);
    const ends = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
    try {
      const response = await options.fetch(`${apiUrl}/api/v1${path}`, {
        headers: { Authorization: `Bearer ${apiKey}`, ...headers },
        signal: ends,
      });
      const isBody = response.ok && isExpected(response.headers.get('Content-Type') ?? '');
      if (!isBody || response.body === null) return void openEnvelope(response, await response.text(), {});
      for await (const chunk of response.body) {
        watchdog.refresh();
        yield chunk;
      }
    } catch (error) {
      throw error instanceof ApiFailure ? error : unreachable(error, apiUrl, {});
    } finally {
      clearTimeout(watchdog);
    }
  }

  return {
    async get(path, query) {
      return (await getEnvelope(path, query)).data;
    },
    async list(path, limit, query = {}, pageSize = pageSizeMax) {
      const items: Row[] = [];
      let cursor: string | undefined;
      do {
        const size = Math.min(limit - items.length, pageSize);
        const { data, meta } = await getEnvelope(path, { ...query, limit: size, cursor });
        const page = Array.isArray(data['items']) ? (data['items'] as Row[]) : [];
        items.push(...page);
        const next = meta['next_cursor'];
        // A server that hands out the same cursor again must not keep us here for ever.
        cursor = typeof next === 'string' && next !== cursor && page.length > 0 ? next : undefined;
      } while (cursor !== undefined && items.length < limit);
      return { items: items.slice(0, limit), hasMore: cursor !== undefined || items.length > limit };
    },
    async *stream(path, { lastEventId, signal }) {
      const headers = {
        Accept: 'text/event-stream',
        ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
      };
      const isStream = (type: string) => type.startsWith('text/event-stream');
      const decoder = new TextDecoder();
      for await (const chunk of receive(path, { headers, signal, isExpected: isStream })) {
        yield decoder.decode(chunk, { stream: true });
      }
    },
    download: (path) => receive(path, {}),
    async write(method, path, body, { idempotencyKey = options.idempotencyKey ?? randomUUID(), ...rest } = {}) {
      const encoded = body instanceof FormData ? { body } : jsonBody(body);
      return (await send(path, { method, ...encoded, ...rest, idempotencyKey })).data;
    },
  };
}

function jsonBody(body: Row | undefined): RequestInit {
  if (body === undefined) return {};
  return { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

function queryString(query: Query): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return '';
  return `?${new URLSearchParams(entries.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}

function openEnvelope(response: Response, text: string, sent: { idempotencyKey?: string }): { data: Row; meta: Row } {
  const envelope = parseObject(text);
  const meta = (envelope?.['meta'] ?? {}) as Row;
  if (response.ok && envelope?.['success'] === true) return { data: (envelope['data'] ?? {}) as Row, meta };

  const requestId = meta['request_id'] ?? response.headers.get('X-Request-ID');
  const context = {
    status: response.status,
    ...(typeof requestId === 'string' ? { requestId } : {}),
    ...sent,
  };
  throw new ApiFailure((envelope?.['error'] as WireError | undefined) ?? strangeAnswer(response), context);
}

// A proxy in between answers without our envelope.
function strangeAnswer({ status, headers }: Response): WireError {
  const message = `the answer is not one of AOS: HTTP ${status}, ${headers.get('Content-Type') ?? 'no content type'}`;
  const passing = [429, 502, 503, 504].includes(status);
  return passing
    ? { category: 'transient', code: 'service_unavailable', message }
    : { category: 'permanent', code: 'internal_error', message };
}

function unreachable(error: unknown, apiUrl: string, sent: { idempotencyKey?: string }): ApiFailure {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  const said: Pick<WireError, 'code' | 'message'> =
    name === 'TimeoutError'
      ? { code: 'timeout', message: `no answer from ${apiUrl} in time` }
      : { code: 'network_error', message: `${apiUrl} cannot be reached (${cause?.code ?? cause?.message ?? message})` };
  return new ApiFailure({ category: 'transient', ...said }, sent);
}

function parseObject(text: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}
