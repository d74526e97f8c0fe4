import path from 'node:path';
import { UnreadableDocument } from '../port';

/** A library's failure on a binary format says that the document is damaged; its words may quote the content. */
export async function orDamaged<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnreadableDocument || error instanceof RangeError || isOurFault(error)) throw error;
    throw new UnreadableDocument('malformed', `The ${what} is damaged and cannot be read.`);
  }
}

const ourFolder = path.dirname(__dirname) + path.sep;

/** A mistake of our own code is no damage: libraries make theirs in their own files. */
function isOurFault(error: unknown): boolean {
  if (!(error instanceof TypeError || error instanceof ReferenceError)) return false;
  const frame = (error.stack ?? '').split('\n').find((line) => /^\s+at /.test(line));
  return frame?.includes(ourFolder) === true;
}
