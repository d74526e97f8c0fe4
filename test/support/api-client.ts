import { randomUUID } from 'node:crypto';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  // Tests read answers of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

interface CallOptions {
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

/** Calls the API as a user of one key would. */
export class ApiClient {
  constructor(
    readonly url: string,
    readonly apiKey: string,
  ) {}

  get(path: string, options?: CallOptions): Promise<ApiAnswer> {
    return this.send('GET', path, undefined, options);
  }

  post(path: string, body: unknown = {}, options?: CallOptions): Promise<ApiAnswer> {
    return this.send('POST', path, body, options);
  }

  put(path: string, body: unknown = {}, options?: CallOptions): Promise<ApiAnswer> {
    return this.send('PUT', path, body, options);
  }

  delete(path: string, options?: CallOptions): Promise<ApiAnswer> {
    return this.send('DELETE', path, undefined, options);
  }

  upload(
    planeId: string,
    files: Readonly<Record<string, string | Uint8Array>>,
    fields: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    for (const [name, content] of Object.entries(files)) {
      form.append('files', new Blob([typeof content === 'string' ? content : Buffer.from(content)]), name);
    }
    return this.send('POST', `/planes/${planeId}/documents`, form);
  }

  async send(method: string, path: string, body?: unknown, { key, headers }: CallOptions = {}): Promise<ApiAnswer> {
    const isForm = body instanceof FormData;
    const response = await fetch(this.url + (path.startsWith('/healthz') ? path : `/api/v1${path}`), {
      method,
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(method !== 'GET' && { 'idempotency-key': key ?? randomUUID() }),
        ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }
}
