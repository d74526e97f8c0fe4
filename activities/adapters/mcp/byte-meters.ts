/** Throws for what is too much. */
export interface ByteMeter {
  take(chunk: Uint8Array): void;
}

export class TooMuch extends Error {}

export function createTotalMeter(bytesMax: number): ByteMeter {
  let bytes = 0;
  return {
    take(chunk) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new TooMuch(`more than ${bytesMax} bytes in one answer`);
    },
  };
}

export function createRateMeter(bytesPerMinute: number, now: () => number): ByteMeter {
  let began = now();
  let bytes = 0;
  return {
    take(chunk) {
      if (now() - began >= 60_000) {
        began = now();
        bytes = 0;
      }
      bytes += chunk.length;
      if (bytes > bytesPerMinute) throw new TooMuch(`more than ${bytesPerMinute} bytes within a minute`);
    },
  };
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Counts the bytes of each event of an event stream: an empty line ends one, whichever line ends are used. */
export function createEventMeter(bytesMax: number): ByteMeter {
  let bytes = 0;
  let lineLength = 0;
  let previous = 0;
  return {
    take(chunk) {
      for (const byte of chunk) {
        const isSecondHalf = byte === lineFeed && previous === carriageReturn;
        previous = byte;
        if (isSecondHalf) continue;
        const isLineEnd = byte === lineFeed || byte === carriageReturn;
        bytes = isLineEnd && lineLength === 0 ? 0 : bytes + 1;
        lineLength = isLineEnd ? 0 : lineLength + 1;
        if (bytes > bytesMax) throw new TooMuch(`more than ${bytesMax} bytes in one message`);
      }
    },
  };
}
