import { constants, isAscii, isUtf8 } from 'node:buffer';

export interface Lines {
  /** Undefined where the bytes are not UTF-8, or too many. */
  readonly text: string | undefined;
  readonly message: string;
  /** True for what stands behind the last line break. */
  readonly isRest: boolean;
}

/** The text in pieces that end with a line break, and at last what follows on the last one. */
export async function* wholeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Lines> {
  let held: Uint8Array[] = [];
  let heldLength = 0;
  const message = 'is not UTF-8';
  for await (const chunk of chunks) {
    heldLength += chunk.byteLength;
    if (heldLength > constants.MAX_STRING_LENGTH) {
      return yield { text: undefined, isRest: false, message: 'is too long to be read' };
    }
    const cut = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).lastIndexOf(newline) + 1;
    if (cut === 0) {
      held.push(chunk);
      continue;
    }
    yield { text: decode(Buffer.concat([...held, chunk.subarray(0, cut)])), isRest: false, message };
    held = [chunk.subarray(cut)];
    heldLength = chunk.byteLength - cut;
  }
  yield { text: decode(Buffer.concat(held)), isRest: true, message };
}

const newline = 10;

// Nearly all is ASCII, and a string of one-byte characters is made and parsed faster.
function decode(bytes: Buffer): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
