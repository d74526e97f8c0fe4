import { inflateRawSync } from 'node:zlib';
import { UnreadableDocument } from '../../port';
import { bounds } from '../bounds';
import { readDirectory, type ZipEntry } from './zip-directory';

/** A zip archive whose directory was read. */
export interface Archive {
  /**
   * The wanted parts, inflated. Each gets the space it declares and no more, all together within a bound; names are keys
   * only, nothing is ever written under them.
   */
  read(isWanted: (name: string) => boolean): ReadonlyMap<string, Buffer>;
}

export function openArchive(bytes: Buffer): Archive {
  const entries = orDamaged(() => listEntries(bytes));
  return {
    read(isWanted) {
      const wanted = entries.filter(({ name }) => isWanted(name));
      checkSizes(wanted);
      return orDamaged(() => new Map(wanted.map((entry) => [entry.name, readPart(bytes, entry)])));
    },
  };
}

function listEntries(bytes: Buffer): readonly ZipEntry[] {
  const entries: ZipEntry[] = [];
  for (const entry of readDirectory(bytes)) {
    entries.push(entry);
    if (entries.length > bounds.zipEntriesMax) throw tooLarge(`more than ${bounds.zipEntriesMax} parts`);
  }
  return entries;
}

function checkSizes(entries: readonly ZipEntry[]): void {
  let inflated = 0;
  for (const { size, originalSize } of entries) {
    inflated += originalSize;
    if (inflated > bounds.inflatedBytesMax) throw tooLarge(`more than ${bounds.inflatedBytesMax} bytes inflated`);
    if (originalSize > bounds.inflationFromBytes && originalSize / size > bounds.inflationMax) {
      throw tooLarge(`a part that inflates to more than ${bounds.inflationMax} times its size`);
    }
  }
}

const localHeader = { mark: 0x04034b50, bytes: 30 };
const [stored, deflated] = [0, 8];
const chunkBytesMin = 64;

function readPart(bytes: Buffer, { method, size, originalSize, at }: ZipEntry): Buffer {
  if (bytes.readUInt32LE(at) !== localHeader.mark) throw new RangeError('no part where the directory says');
  const start = at + localHeader.bytes + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
  const part = bytes.subarray(start, start + size);
  if (method === stored && part.length === originalSize) return part;
  if (method !== deflated) throw new RangeError('no way in which parts of documents are packed');
  // A byte more than there should be: a full chunk would be followed by another.
  const chunkSize = Math.max(chunkBytesMin, originalSize + 1);
  return inflateRawSync(part, { chunkSize, maxOutputLength: Math.max(1, originalSize) });
}

function orDamaged<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnreadableDocument) throw error;
    throw new UnreadableDocument('malformed', 'The archive is damaged.');
  }
}

function tooLarge(what: string): UnreadableDocument {
  return new UnreadableDocument('too_large', `The archive holds ${what}.`);
}
