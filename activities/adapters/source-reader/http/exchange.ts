import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { acceptedEncodings, decodeBody, isBrokenEncoding } from './decode-body';
import type { Timing } from './limits';
import { HttpProblem, problemOf } from './problems';

/** Names us to the servers; robots.txt knows us by the part before the slash. */
export const productToken = 'AOS';
const userAgent = `${productToken}/1.0 (governed knowledge source reader)`;

export type Headers = Readonly<Record<string, string | undefined>>;

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** What `read` made of the body; null where the status says that there is none to read. */
  readonly body: T | null;
}

export interface ExchangeInput<T> {
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytesMax: number;
  readonly timing: Pick<Timing, 'headersMs' | 'bodyMs' | 'wholeMs'>;
  readonly signal: AbortSignal;
  /** Reads the decompressed body of a 200 to its end. */
  readonly read: (body: Readable) => Promise<T>;
}

/** One request and its answer, within time and size. Fails as HttpProblem, or with the reason to stop. */
export async function exchange<T>(input: ExchangeInput<T>): Promise<Answer<T>> {
  const { url, dispatcher, timing, signal } = input;
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(timing.wholeMs)]);
  try {
    const { statusCode, headers, body } = await request(url, {
      dispatcher,
      signal: bounded,
      headersTimeout: timing.headersMs,
      bodyTimeout: timing.bodyMs,
      headers: { ...input.headers, 'user-agent': userAgent, accept: '*/*', 'accept-encoding': acceptedEncodings },
    });
    // Destroyed at the end in any case; without a listener that would be an uncaught error.
    body.on('error', () => {});
    try {
      const single = firstOf(headers);
      const isContent = statusCode === 200 || statusCode === 203;
      return { status: statusCode, headers: single, body: isContent ? await readBody(body, single, input) : null };
    } finally {
      body.destroy();
    }
  } catch (error) {
    throw problemOf(error, { url, signal });
  }
}

async function readBody<T>(body: Readable, headers: Headers, { url, bytesMax, read }: ExchangeInput<T>): Promise<T> {
  const declared = Number(headers['content-length']);
  if (declared > bytesMax) throw new HttpProblem('too_large', `larger than ${bytesMax} bytes`);
  try {
    return await read(decodeBody(body, { encoding: headers['content-encoding'], bytesMax }));
  } catch (error) {
    if (!isBrokenEncoding(error)) throw error;
    throw new HttpProblem('malformed', `${url.host} sent content that cannot be decompressed`, { cause: error });
  }
}

function firstOf(headers: Readonly<Record<string, string | string[] | undefined>>): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

export async function readAll(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
