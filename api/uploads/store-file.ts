import { Transform, type Readable } from 'node:stream';

export interface StoredFile {
  readonly sha256: string;
  readonly bytes: number;
}

export interface StoreFileInput {
  readonly file: Readable;
  readonly bytesMax: number;
  put(content: Readable): Promise<StoredFile>;
}

/**
 * Streams one part into the store; undefined when it is too large. The part is always read to its end, since the next
 * one comes only after it.
 */
export async function storeFile({ file, bytesMax, put }: StoreFileInput): Promise<StoredFile | undefined> {
  let bytes = 0;
  const content = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > bytesMax) done(new Error(`larger than ${bytesMax} bytes`));
      else done(null, chunk);
    },
  });
  file.once('error', (error) => content.destroy(error));
  // Whoever reads the content learns of its end by error there; an error without a listener would end the process.
  content.on('error', () => {});
  content.once('close', () => {
    file.unpipe(content);
    file.resume();
  });
  file.pipe(content);
  try {
    return await put(content);
  } catch (error) {
    if (bytes > bytesMax) return undefined;
    throw error;
  } finally {
    content.destroy();
  }
}
