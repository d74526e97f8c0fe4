export type Row = Readonly<Record<string, unknown>>;

/** A failure envelope of the API. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly status: number,
    readonly error: { code?: string; reason?: string; message?: string; details?: Row },
  ) {
    super(
      `${error.code ?? `HTTP ${status}`}${error.reason ? ` (${error.reason})` : ''}: ${error.message ?? 'no message'}`,
    );
  }
}

export interface Api {
  get(path: string): Promise<Row>;
  post(path: string, body: Row): Promise<Row>;
}

/** The REST API as anyone would use it: a key, JSON, and the envelope opened. */
export function createApi({ apiUrl, key, signal }: { apiUrl: string; key: string; signal: AbortSignal }): Api {
  async function send(method: string, path: string, body?: Row): Promise<Row> {
    const response = await fetch(`${apiUrl}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
    });
    const envelope = (await response.json()) as { success?: boolean; data?: Row; error?: Refusal['error'] };
    if (envelope.success !== true) throw new Refusal(response.status, envelope.error ?? {});
    return envelope.data ?? {};
  }
  return { get: (path) => send('GET', path), post: (path, body) => send('POST', path, body) };
}
