import { type Readable } from 'node:stream';
import { EngineError } from '../../../../contracts/errors';
import type { SourceAnswer, SourceItem, Validators } from '../port';
import { withoutFragment } from './http-config';
import { nameLengthMax } from './limits';
import { nameOf } from './listing';
import { readDocument } from './read-document';
import { isSameSite } from './sitemap/list-locations';
import type { Visit } from './visit';

export interface ItemsContext {
  readonly visit: Visit;
  /** The sitemap that listed the locations. */
  readonly site: URL | undefined;
  readonly signal: AbortSignal;
}

/** The locations as items, each name once; what may not be read is an item too, so that somebody sees it. */
export function itemsOf(locations: readonly string[], context: ItemsContext): SourceItem[] {
  const items = locations.map((location) => itemOf(location, context));
  return [...new Map(items.map((item) => [item.name, item])).values()];
}

function itemOf(location: string, { visit, site, signal }: ItemsContext): SourceItem {
  const url = URL.canParse(location) ? withoutFragment(new URL(location)) : undefined;
  const name = nameOf(url?.href ?? location);
  const problem = problemOf(location, url, site);
  const ask = async (known: Validators | undefined): Promise<SourceAnswer> => {
    if (problem !== undefined || url === undefined) {
      return { answer: 'refused', code: 'not_allowed', reason: problem ?? 'it is no address' };
    }
    return readDocument(visit, { url, known, signal });
  };
  return { name, bytes: 0, ask, open: () => contentOf(ask) };
}

function problemOf(location: string, url: URL | undefined, site: URL | undefined): string | undefined {
  if (url === undefined) return 'it is no address';
  if (url.href.length > nameLengthMax) return `its address is longer than ${nameLengthMax} characters`;
  if (url.username !== '' || url.password !== '') return 'its address holds credentials';
  return site === undefined || isSameSite(location, site) ? undefined : 'it is of another site than its sitemap';
}

async function contentOf(ask: (known: undefined) => Promise<SourceAnswer>): Promise<Readable> {
  const answer = await ask(undefined);
  if (answer.answer === 'content') return answer.content;
  throw new EngineError('resource_not_found', answer.answer === 'unchanged' ? 'no content' : answer.reason);
}
