import { Readable } from 'node:stream';
import type { ObjectStore } from '../../object-store/port';
import type { SourceReader, SourceRef } from '../port';

export interface PendingUpload {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The uploads of a source after the cursor (a name), ordered by name, at most `itemsMax`. */
export type ListPending = (
  source: SourceRef,
  cursor: string | null,
  itemsMax: number,
) => Promise<readonly PendingUpload[]>;

/** Reads files that were uploaded before: their bytes are in the object store, so nothing outside can be missing. */
export function createUploadReader({
  listPending,
  objectStore,
}: {
  readonly listPending: ListPending;
  readonly objectStore: Pick<ObjectStore, 'get'>;
}): SourceReader {
  return {
    async check() {},
    async readPage(source, { cursor, itemsMax, signal }) {
      signal.throwIfAborted();
      const pending = await listPending(source, cursor, itemsMax + 1);
      const page = pending.slice(0, itemsMax);
      return {
        items: page.map((upload) => ({
          ...upload,
          open: async () => Readable.from([await objectStore.get(source.tenantId, upload.sha256)]),
        })),
        nextCursor: pending.length > itemsMax ? (page.at(-1)?.name ?? null) : null,
      };
    },
  };
}
