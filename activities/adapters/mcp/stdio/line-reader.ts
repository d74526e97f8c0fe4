import { TooMuch, type ByteMeter } from '../byte-meters';

const lineFeed = 0x0a;

/** Cuts a stream of bytes into lines, none longer than allowed. */
export function createLineReader(bytesMax: number, onLine: (line: string) => void): ByteMeter {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  return {
    take(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, from)) {
        keep(chunk.subarray(from, at));
        const line = Buffer.concat(parts).toString();
        parts = [];
        bytes = 0;
        from = at + 1;
        onLine(line);
      }
      if (from < chunk.length) keep(chunk.subarray(from));
    },
  };

  function keep(part: Uint8Array): void {
    bytes += part.length;
    if (bytes > bytesMax) throw new TooMuch(`more than ${bytesMax} bytes in one message`);
    parts.push(part);
  }
}
