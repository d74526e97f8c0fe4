import { documentsMax, listBytesMax, sitemapsMax } from '../limits';
import { HttpProblem } from '../problems';
import type { Visit } from '../visit';
import { readSitemap, type SitemapRequest } from './read-sitemap';

/**
 * Everything that a sitemap lists, each location once, in its order: a sitemap of pages, or an index of such sitemaps.
 * An index inside an index is refused, as the protocol has none, and with it every loop.
 */
export async function listLocations(visit: Visit, { url, signal }: SitemapRequest): Promise<string[]> {
  const top = await readSitemap(visit, { url, signal });
  if (top.kind === 'pages') return distinct(top.locations);
  if (top.locations.length > sitemapsMax) {
    throw new HttpProblem('too_large', `the index names more than ${sitemapsMax} sitemaps`);
  }
  const found = new Set<string>();
  let length = 0;
  for (const location of distinct(top.locations)) {
    for (const each of await pagesOf(visit, location, { url, signal })) {
      length += found.has(each) ? 0 : each.length;
      found.add(each);
    }
    requireRoom(found.size, length);
  }
  return [...found];
}

/** The first page that a sitemap lists, if any. */
export async function firstLocation(visit: Visit, { url, signal }: SitemapRequest): Promise<string | undefined> {
  const top = await readSitemap(visit, { url, signal });
  const [first] = top.locations;
  if (top.kind === 'pages' || first === undefined) return first;
  return (await pagesOf(visit, first, { url, signal }))[0];
}

/** What a sitemap that an index names lists. */
async function pagesOf(visit: Visit, location: string, { url: index, signal }: SitemapRequest) {
  const { kind, locations } = await readSitemap(visit, { url: sitemapOf(index, location), signal });
  if (kind === 'index') throw new HttpProblem('malformed', `${location} is an index inside an index`);
  return locations;
}

/** The protocol lets a sitemap speak for its own site only: same scheme, host and port. */
export function isSameSite(location: string, sitemap: URL): boolean {
  return URL.canParse(location) && new URL(location).origin === sitemap.origin;
}

function sitemapOf(index: URL, location: string): URL {
  if (isSameSite(location, index)) return new URL(location);
  throw new HttpProblem(
    'not_allowed',
    `the index names the sitemap ${location.slice(0, 200)}, which is of another site`,
  );
}

function distinct(locations: readonly string[]): string[] {
  return [...new Set(locations)];
}

function requireRoom(documents: number, length: number): void {
  if (documents > documentsMax) throw new HttpProblem('too_large', `more than ${documentsMax} documents are listed`);
  if (length > listBytesMax) throw new HttpProblem('too_large', `the locations take more than ${listBytesMax} bytes`);
}
