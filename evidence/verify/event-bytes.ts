import { leafPrefix } from '../merkle/hash';

/** The bytes of an event behind the prefix of a leaf, so that both its hashes are taken of them as they lie. */
export interface EventBytes {
  readonly bytes: Buffer;
  readonly leafInput: Buffer;
}

const usualBytesMax = 65_536;
const usualSpace = spaceFor(usualBytesMax);

/** Reads base64; undefined when it is none. What it gives is good until the next call: events lie one over another. */
export function readEventBytes(encoded: string): EventBytes | undefined {
  if (encoded.length % 4 !== 0) return undefined;
  // The decoder takes the alphabet of URLs too, over which others pass.
  if (encoded.includes('-') || encoded.includes('_')) return undefined;
  const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0;
  const length = (encoded.length / 4) * 3 - padding;
  const space = length > usualBytesMax ? spaceFor(length) : usualSpace;
  // It passes over what is not base64, and then there is less.
  if (space.write(encoded, leafPrefix.length, 'base64') !== length) return undefined;
  const leafInput = space.subarray(0, leafPrefix.length + length);
  return { bytes: leafInput.subarray(leafPrefix.length), leafInput };
}

function spaceFor(length: number): Buffer {
  const space = Buffer.allocUnsafeSlow(leafPrefix.length + length);
  space.set(leafPrefix);
  return space;
}
