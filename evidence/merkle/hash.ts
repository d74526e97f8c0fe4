import { createHash, hash } from 'node:crypto';

/** What stands before the bytes of a leaf where they are hashed. */
export const leafPrefix: Uint8Array = Uint8Array.of(0);
const copiedBytesMax = 8_192;
const leafInput = Buffer.alloc(copiedBytesMax + 1);
const nodeInput = Buffer.alloc(65, 1);

/** SHA-256 of nothing: the root of the empty tree (RFC 6962 §2.1). */
export const emptyRoot: Buffer = sha256(new Uint8Array());

/** Leaf hash, SHA-256(0x00 ‖ bytes) (RFC 6962 §2.1). */
export function leafHash(bytes: Uint8Array): Buffer {
  if (bytes.byteLength > copiedBytesMax) return createHash('sha256').update(leafPrefix).update(bytes).digest();
  leafInput.set(bytes, 1);
  return sha256(leafInput.subarray(0, bytes.byteLength + 1));
}

/** Hash of an inner node, SHA-256(0x01 ‖ left ‖ right) (RFC 6962 §2.1). Both are 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  if (left.byteLength !== 32 || right.byteLength !== 32)
    throw new RangeError('a node is made of two hashes of 32 bytes');
  nodeInput.set(left, 1);
  nodeInput.set(right, 33);
  return sha256(nodeInput);
}

// One call, whose answer comes as a string: a hash object, and a buffer made outside of JavaScript, cost more than the hashing.
function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'binary');
}
