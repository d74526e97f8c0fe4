import { refusal } from '../../contracts/errors';
import type { SourceReader } from '../adapters/source-reader/port';
import type { StoredItem } from './stored-item';

/** Counts what a source holds and refuses it when it is more than one source may hold. */
export function createByteBudget({ bounds }: SourceReader, alreadyRead: number) {
  let bytes = alreadyRead;
  return {
    take(item: StoredItem): StoredItem {
      bytes += item.outcome === 'document' ? item.document.bytes : 0;
      if (bounds === undefined || bytes <= bounds.bytesMax) return item;
      throw refusal(bounds.reason, `the source holds more than ${bounds.bytesMax} bytes; make several of it`);
    },
  };
}
