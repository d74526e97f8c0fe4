import { UnreadableDocument } from '../port';
import { bounds } from './bounds';

const shortCharacters = 2_000_000;
const containerBytes = 64;
const valueBytes = 48;

/**
 * JSON.parse within a bound: it hears of nothing until it is done, so no watch can end the thread meanwhile. A value
 * takes up to twenty times its text. Fails as `too_large`, or with JSON.parse's own error.
 */
export function jsonValue(text: string): unknown {
  if (text.length > shortCharacters && estimatedBytes(text) > bounds.jsonBytesMax) {
    throw new UnreadableDocument('too_large', 'The JSON holds more values than fit into memory.');
  }
  return JSON.parse(text);
}

/** From above: marks within strings count as well. */
function estimatedBytes(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2c) bytes += valueBytes;
    else if (code === 0x7b || code === 0x5b) bytes += containerBytes;
  }
  return bytes;
}
