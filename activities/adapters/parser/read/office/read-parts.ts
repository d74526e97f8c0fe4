import { unzipSync, type UnzipFileInfo } from 'fflate';
import { UnreadableDocument } from '../../port';
import { bounds } from '../bounds';

/**
 * The wanted parts of a zip archive, inflated. Each gets the space it declares and no more, all together within a bound;
 * names are keys only, nothing is ever written under them.
 */
export function readParts(bytes: Buffer, isWanted: (name: string) => boolean): ReadonlyMap<string, Buffer> {
  let entries = 0;
  let inflated = 0;
  const filter = ({ name, size, originalSize }: UnzipFileInfo): boolean => {
    entries += 1;
    if (entries > bounds.zipEntriesMax) throw tooLarge(`more than ${bounds.zipEntriesMax} parts`);
    if (!isWanted(name)) return false;
    inflated += originalSize;
    if (inflated > bounds.inflatedBytesMax) throw tooLarge(`more than ${bounds.inflatedBytesMax} bytes inflated`);
    if (originalSize > bounds.inflationFromBytes && originalSize / size > bounds.inflationMax) {
      throw tooLarge(`a part that inflates to more than ${bounds.inflationMax} times its size`);
    }
    return true;
  };
  try {
    const parts = Object.entries(unzipSync(bytes, { filter }));
    return new Map(parts.map(([name, part]) => [name, Buffer.from(part.buffer, part.byteOffset, part.length)]));
  } catch (error) {
    if (error instanceof UnreadableDocument) throw error;
    throw new UnreadableDocument('malformed', 'The archive is damaged.');
  }
}

function tooLarge(what: string): UnreadableDocument {
  return new UnreadableDocument('too_large', `The archive holds ${what}.`);
}
