import type { Dispatcher } from 'undici';
import { EngineError, refusal } from '../../../../contracts/errors';
import { mapConcurrently } from '../../../map-concurrently';
import type { ObjectStore } from '../../object-store/port';
import type { SourceReader, SourceRef } from '../port';
import { parseHttpConfig, type HttpConfig } from './http-config';
import { itemsOf } from './items';
import { defaultTiming, sourceBytesMax, type Timing } from './limits';
import { createListings, cursorOf, positionOf, type Position } from './listing';
import { HttpProblem } from './problems';
import { readDocument } from './read-document';
import { firstLocation, isSameSite, listLocations } from './sitemap/list-locations';
import { createVisit } from './visit';

/** Hosts at once; of one host there is never more than one request at a time. */
const checksAtOnceMax = 8;

export interface HttpReaderOptions {
  readonly dispatcher: Dispatcher;
  /** Reaches public addresses only, whatever an operator has named. */
  readonly publicDispatcher: Dispatcher;
  readonly objects: Pick<ObjectStore, 'get' | 'put'>;
  readonly timing?: Partial<Timing>;
}

/** Reads web pages, by their addresses or by a sitemap. A document's name is its URL. */
export function createHttpReader({ objects, timing, ...dispatchers }: HttpReaderOptions): SourceReader {
  const visit = createVisit({ ...dispatchers, timing: { ...defaultTiming, ...timing } });
  const listings = createListings(objects);

  return {
    bounds: { bytesMax: sourceBytesMax, reason: 'HTTP_INGESTION_ERROR' },

    async check({ config }, { signal }) {
      const parsed = parseHttpConfig(config);
      return 'urls' in parsed ? checkPages(parsed.urls, signal) : checkSitemap(parsed.sitemapUrl, signal);
    },

    async readPage(source, { cursor, itemsMax, signal }) {
      const config = parseHttpConfig(source.config);
      const { key, offset } = cursor === null ? await begin(source, config, signal) : positionOf(cursor);
      const locations = await locationsOf(source, config, key);
      const end = Math.min(offset + itemsMax, locations.length);
      const site = 'sitemapUrl' in config ? config.sitemapUrl : undefined;
      return {
        items: itemsOf(locations.slice(offset, end), { visit, site, signal }),
        nextCursor: end < locations.length ? cursorOf({ key, offset: end }) : null,
      };
    },
  };

  async function checkPages(urls: readonly URL[], signal: AbortSignal): Promise<void> {
    const problems = await mapConcurrently(urls, checksAtOnceMax, async (url) => {
      const answer = await readDocument(visit, { url, known: undefined, signal });
      const isRead = answer.answer === 'content' || answer.answer === 'unchanged';
      return isRead ? [] : [`${url.href} cannot be read: ${answer.reason}`];
    });
    const [first, ...others] = problems.flat();
    if (first === undefined) return;
    const more = others.length === 0 ? '' : ` (and ${others.length} more of ${urls.length} addresses)`;
    throw unverified(`${first}${more}`);
  }

  async function checkSitemap(url: URL, signal: AbortSignal): Promise<void> {
    const first = await firstLocation(visit, { url, signal }).catch(refuse);
    if (first === undefined) throw unverified('the sitemap lists nothing');
    if (!isSameSite(first, url)) {
      throw unverified(`the sitemap lists ${first.slice(0, 200)}, which is of another site`);
    }
  }

  async function begin({ tenantId }: SourceRef, config: HttpConfig, signal: AbortSignal): Promise<Position> {
    if ('urls' in config) return { key: null, offset: 0 };
    const locations = await listLocations(visit, { url: config.sitemapUrl, signal }).catch(fail);
    return { key: await listings.save(tenantId, locations, signal), offset: 0 };
  }

  async function locationsOf(
    { tenantId }: SourceRef,
    config: HttpConfig,
    key: string | null,
  ): Promise<readonly string[]> {
    if (key !== null) return listings.load(tenantId, key);
    return 'urls' in config ? config.urls.map(({ href }) => href) : [];
  }
}

function refuse(error: unknown): never {
  throw error instanceof HttpProblem ? unverified(error.message, error) : error;
}

function unverified(message: string, cause?: unknown): EngineError {
  return refusal('VERIFICATION_FAILED', message, { cause });
}

// Without its list nothing is known of a source, so nothing of it is pruned: the stage fails, now or after more attempts.
function fail(error: unknown): never {
  if (!(error instanceof HttpProblem)) throw error;
  const options = { reason: 'HTTP_INGESTION_ERROR', cause: error } as const;
  throw error.code === 'unavailable'
    ? new EngineError('network_error', error.message, options)
    : refusal('HTTP_INGESTION_ERROR', error.message, { cause: error });
}
