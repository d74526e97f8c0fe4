import { buffer as readAll } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { type Entry, fromBuffer, type Options, type ZipFile } from 'yauzl';
import { UnreadableDocument } from '../../port';
import { bounds } from '../bounds';

export interface Archive {
  readonly names: readonly string[];
  /** The inflated part, or undefined when there is none; all parts together stay within a bound. */
  read(name: string): Promise<Buffer | undefined>;
}

/** Opens a zip archive by its directory; names are keys only, nothing is ever written under them. */
export async function openArchive(bytes: Buffer): Promise<Archive> {
  return orMalformed(async () => {
    const open = promisify<Buffer, Options, ZipFile>(fromBuffer);
    const zip = await open(bytes, { lazyEntries: true, validateEntrySizes: true });
    if (zip.entryCount > bounds.zipEntriesMax) throw tooLarge(`more than ${bounds.zipEntriesMax} parts`);
    const entries = await listEntries(zip);
    let inflated = 0;
    return {
      names: [...entries.keys()],
      read: (name) =>
        orMalformed(async () => {
          const entry = entries.get(name);
          if (entry === undefined) return undefined;
          if (entry.isEncrypted()) throw new UnreadableDocument('encrypted', 'The archive is encrypted.');
          inflated += entry.uncompressedSize;
          refuseBomb(entry, inflated);
          const stream = await promisify(zip.openReadStream.bind(zip) as never as OpenStream)(entry);
          return readAll(stream);
        }),
    };
  });
}

type OpenStream = (entry: Entry, done: (error: Error | null, stream: NodeJS.ReadableStream) => void) => void;

function listEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  return new Promise((resolve, reject) => {
    const entries = new Map<string, Entry>();
    zip.on('entry', (entry: Entry) => {
      if (entries.has(entry.fileName)) reject(new UnreadableDocument('malformed', 'The archive names a part twice.'));
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.once('end', () => resolve(entries));
    zip.once('error', reject);
    zip.readEntry();
  });
}

/** The declared size is trusted here since the stream fails when more or less comes out. */
function refuseBomb({ uncompressedSize, compressedSize }: Entry, inflated: number): void {
  if (inflated > bounds.inflatedBytesMax) throw tooLarge(`more than ${bounds.inflatedBytesMax} bytes inflated`);
  if (uncompressedSize > bounds.inflationFromBytes && uncompressedSize / compressedSize > bounds.inflationMax) {
    throw tooLarge(`a part that inflates to more than ${bounds.inflationMax} times its size`);
  }
}

function tooLarge(what: string): UnreadableDocument {
  return new UnreadableDocument('too_large', `The archive holds ${what}.`);
}

async function orMalformed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnreadableDocument) throw error;
    throw new UnreadableDocument('malformed', 'The archive is damaged.');
  }
}
