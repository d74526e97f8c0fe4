import { PassThrough, type Readable } from 'node:stream';
import { gunzip, isBrokenEncoding } from '../decode-body';
import { sitemapBytesMax } from '../limits';
import { HttpProblem } from '../problems';
import type { Visit } from '../visit';
import { parseSitemap, type Sitemap } from './parse-sitemap';

export interface SitemapRequest {
  readonly url: URL;
  readonly signal: AbortSignal;
}

/** One sitemap from its URL, plain or as a gzip file. Fails as HttpProblem. */
export async function readSitemap(visit: Visit, { url, signal }: SitemapRequest): Promise<Sitemap> {
  const { status, body } = await visit({ url, bytesMax: sitemapBytesMax, signal, read: readEither });
  if (body !== null) return body;
  const code = status >= 500 || status === 429 || status === 408 ? 'unavailable' : 'malformed';
  throw new HttpProblem(code, `the sitemap ${url.href} cannot be had: the server answered ${status}`);
}

// Many servers send `.xml.gz` as a file of its own and not as an encoding; the first bytes tell.
async function readEither(body: Readable): Promise<Sitemap> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const head = await chunks.next();
  const whole = PassThrough.from(withHead(head, chunks));
  const isGzip = head.done !== true && head.value[0] === 0x1f && head.value[1] === 0x8b;
  try {
    return await parseSitemap(isGzip ? gunzip(whole, sitemapBytesMax) : whole);
  } catch (error) {
    if (!isGzip || !isBrokenEncoding(error)) throw error;
    throw new HttpProblem('malformed', 'the sitemap cannot be decompressed', { cause: error });
  } finally {
    whole.destroy();
  }
}

async function* withHead(head: IteratorResult<Buffer>, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let piece = head; piece.done !== true; piece = await rest.next()) yield piece.value;
}
