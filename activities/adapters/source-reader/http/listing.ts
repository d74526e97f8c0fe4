import { createHash } from 'node:crypto';
import { EngineError } from '../../../../contracts/errors';
import type { ObjectStore } from '../../object-store/port';
import { documentsMax, nameLengthMax } from './limits';

/** What a source lists, and where in it a page begins; as a cursor it survives the process. */
export interface Position {
  /** Where the object store holds the list; null when it stands in the source's configuration. */
  readonly key: string | null;
  readonly offset: number;
}

export function cursorOf({ key, offset }: Position): string {
  return `${key ?? 'urls'}:${offset}`;
}

export function positionOf(cursor: string): Position {
  const [, key = '', offset = ''] = /^(urls|[0-9a-f]{64}):(\d{1,6})$/.exec(cursor) ?? [];
  if (key === '') throw new EngineError('internal_error', 'the cursor of an http source is not one that it gave');
  return { key: key === 'urls' ? null : key, offset: Number(offset) };
}

export type Listings = ReturnType<typeof createListings>;

const keptMax = 4;

/**
 * The locations of a sitemap as they were when a job began. They are kept in the object store, so that every page of a job
 * cuts the same list, and a new process goes on with it.
 */
export function createListings(objects: Pick<ObjectStore, 'get' | 'put'>) {
  const kept = new Map<string, readonly string[]>();

  return {
    async save(tenantId: string, locations: readonly string[], signal: AbortSignal): Promise<string> {
      const { sha256 } = await objects.put(tenantId, Buffer.from(JSON.stringify(locations)), { signal });
      keep(`${tenantId}/${sha256}`, locations);
      return sha256;
    },

    async load(tenantId: string, key: string): Promise<readonly string[]> {
      const found = kept.get(`${tenantId}/${key}`);
      if (found !== undefined) return found;
      const locations = JSON.parse((await objects.get(tenantId, key)).toString()) as string[];
      keep(`${tenantId}/${key}`, locations);
      return locations;
    },
  };

  function keep(key: string, locations: readonly string[]): void {
    kept.delete(key);
    kept.set(key, locations.slice(0, documentsMax));
    if (kept.size > keptMax) kept.delete(kept.keys().next().value ?? '');
  }
}

/** The location as a document's name: one that is longer than a name may be keeps its beginning and a hash of the whole. */
export function nameOf(location: string): string {
  if (location.length <= nameLengthMax) return location;
  const hash = createHash('sha256').update(location).digest('hex');
  return `${location.slice(0, nameLengthMax - hash.length - 1).toWellFormed()}#${hash}`;
}
