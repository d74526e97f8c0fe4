import { isAscii } from 'node:buffer';
import { parseJson } from './json-text';

export type Payload = Readonly<Record<string, unknown>>;

/** What the hashed bytes say; undefined when they are no JSON object. */
export function parsePayload(bytes: Uint8Array): Payload | undefined {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Nearly all is ASCII, and a string of one-byte characters is made and parsed faster.
  const value = parseJson(buffer.toString(isAscii(buffer) ? 'latin1' : 'utf8'));
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Payload) : undefined;
}
