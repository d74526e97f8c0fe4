import { UnreadableDocument } from '../port';

/** A library's failure on a binary format says that the document is damaged; its words may quote the content. */
export async function orDamaged<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnreadableDocument || error instanceof RangeError) throw error;
    throw new UnreadableDocument('malformed', `The ${what} is damaged and cannot be read.`);
  }
}
