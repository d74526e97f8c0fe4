import { createHash, hash } from 'node:crypto';

const leafPrefix = Buffer.of(0);
// Small inputs are hashed in one call, which costs half of building a hash object.
const copiedBytesMax = 8_192;

/** SHA-256 of nothing: the root of the empty tree (RFC 6962 §2.1). */
export const emptyRoot: Buffer = hash('sha256', '', 'buffer');

/** Leaf hash, SHA-256(0x00 ‖ bytes) (RFC 6962 §2.1). */
export function leafHash(bytes: Uint8Array): Buffer {
  if (bytes.byteLength > copiedBytesMax) return createHash('sha256').update(leafPrefix).update(bytes).digest();
  return hash('sha256', Buffer.concat([leafPrefix, bytes]), 'buffer');
}

const nodeInput = Buffer.alloc(65, 1);

/** Hash of an inner node, SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1). Both are 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  if (left.byteLength !== 32 || right.byteLength !== 32)
    throw new RangeError('a node hash takes two hashes of 32 bytes');
  nodeInput.set(left, 1);
  nodeInput.set(right, 33);
  return hash('sha256', nodeInput, 'buffer');
}
