import type { Readable } from 'node:stream';
import { SaxesParser } from 'saxes';
import { locationsPerSitemapMax } from '../limits';
import { HttpProblem } from '../problems';

export interface Sitemap {
  readonly kind: 'pages' | 'index';
  readonly locations: readonly string[];
}

const kinds: Readonly<Record<string, Sitemap['kind']>> = { urlset: 'pages', sitemapindex: 'index' };
const depthMax = 16;
const attributesMax = 64;
// The protocol's own bound.
const locationLengthMax = 2_048;

/**
 * The locations of a sitemap, read as it comes. Extensions (images, news) have `loc` elements of their own, which are none
 * of ours. The parser knows no entities but XML's five, so nothing expands.
 */
export async function parseSitemap(body: Readable): Promise<Sitemap> {
  const locations: string[] = [];
  const path: string[] = [];
  let text = '';
  let attributes = 0;
  const parser = new SaxesParser({ xmlns: false });
  const isLocation = () => path.length === 3 && path[2] === 'loc' && (path[1] === 'url' || path[1] === 'sitemap');

  parser.on('error', (error) => {
    throw malformed('it is not well-formed XML', error);
  });
  parser.on('opentagstart', ({ name }) => {
    path.push(name.replace(/^[^:]*:/, ''));
    attributes = 0;
    text = '';
    if (path.length > depthMax) throw malformed('it is nested too deeply');
    if (path.length === 1 && kindOf(path[0]) === undefined) throw malformed('it has no urlset or sitemapindex');
  });
  parser.on('attribute', () => {
    attributes += 1;
    if (attributes > attributesMax) throw malformed('it has too many attributes');
  });
  const take = (piece: string) => {
    if (!isLocation()) return;
    text += piece;
    if (text.length > locationLengthMax) throw malformed('a location is too long');
  };
  parser.on('text', take);
  parser.on('cdata', take);
  parser.on('closetag', () => {
    if (isLocation() && text.trim() !== '') locations.push(withoutCredentials(text.trim()));
    path.pop();
    if (locations.length > locationsPerSitemapMax) {
      throw new HttpProblem('too_large', `a sitemap holds at most ${locationsPerSitemapMax} locations`);
    }
  });

  let root: string | undefined;
  parser.on('opentag', () => (root ??= path[0]));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) parser.write(decoder.decode(chunk, { stream: true }));
    parser.write(decoder.decode()).close();
  } catch (error) {
    if (error instanceof TypeError) throw malformed('it is not UTF-8', error);
    throw error;
  }
  const kind = kindOf(root);
  if (kind === undefined) throw malformed('it is empty');
  return { kind, locations };
}

function kindOf(root: string | undefined): Sitemap['kind'] | undefined {
  return root !== undefined && Object.hasOwn(kinds, root) ? kinds[root] : undefined;
}

// Whoever publishes a sitemap may err. That credentials stood there is still seen, and the address refused; they are gone.
function withoutCredentials(location: string): string {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url === undefined || (url.username === '' && url.password === '')) return location;
  return Object.assign(url, { username: '***', password: '' }).href;
}

function malformed(why: string, cause?: unknown): HttpProblem {
  return new HttpProblem('malformed', `the sitemap cannot be read: ${why}`, { cause });
}
