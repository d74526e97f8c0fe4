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
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = bytes.indexOf(newline) + 1;
    if (at === 0) {
      held.push(chunk);
      continue;
    }
    yield { text: decode(Buffer.concat([...held, bytes.subarray(0, at)])), isRest: false, message };
    for (let end = pieceEnd(bytes, at); end > at; end = pieceEnd(bytes, at)) {
      yield { text: decode(bytes.subarray(at, end)), isRest: false, message };
      at = end;
    }
    held = [bytes.subarray(at)];
    heldLength = bytes.length - at;
  }
  yield { text: decode(Buffer.concat(held)), isRest: true, message };
}

const newline = 10;
// Long strings are made in memory of their own, which is slower to come by than what short ones leave behind.
const pieceBytes = 32_768;

/** Behind the last line break within a piece, else behind the next one; 0 when there is none. */
function pieceEnd(bytes: Buffer, start: number): number {
  const end = bytes.lastIndexOf(newline, start + pieceBytes) + 1;
  return end > start ? end : bytes.indexOf(newline, start) + 1;
}

// Nearly all is ASCII, and a string of one-byte characters is made and parsed faster.
function decode(bytes: Buffer): string | undefined {
  if (isAscii(bytes)) return bytes.toString('latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
