import { randomBytes } from 'node:crypto';

/** A new identifier: the prefix and `bytes` random bytes in hex. */
export function newId(prefix: string, bytes = 6): string {
  return `${prefix}${randomBytes(bytes).toString('hex')}`;
}
