import type { TestStack } from './stack';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests read answers of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

interface RawCall {
  readonly method: string;
  /** From the root. */
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array | FormData;
}

/** Sends exactly what is given: nothing is added, so that every header may be missing or wrong. */
export async function rawCall({ url }: Pick<TestStack, 'url'>, call: RawCall): Promise<RawAnswer> {
  const { method, path, headers = {}, body } = call;
  const response = await fetch(url + path, {
    method,
    headers,
    ...(body !== undefined && { body: body as NonNullable<RequestInit['body']> }),
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  // A stream has no end to wait for.
  if (isStream) await response.body?.cancel();
  const text = isStream ? '' : await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
