import { createPublicKey, hash, type KeyObject } from 'node:crypto';

/** A key by which signatures of a name are checked. */
export interface Verifier {
  readonly name: string;
  /** The 32 bytes of an Ed25519 public key. */
  readonly publicKey: Uint8Array;
}

const ed25519 = 1;

/** Key id of C2SP signed-note: the first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ key), as eight hex digits. */
export function keyId(name: string, publicKey: Uint8Array): string {
  if (!isKeyName(name)) throw new RangeError('a key name is not empty and has neither white space nor “+”');
  if (publicKey.byteLength !== 32) throw new RangeError('an Ed25519 public key has 32 bytes');
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ed25519), publicKey])).slice(0, 8);
}

/** A verifier key in its usual form, `name+keyid+base64`. */
export function encodeVerifier({ name, publicKey }: Verifier): string {
  return `${name}+${keyId(name, publicKey)}+${Buffer.concat([Buffer.of(ed25519), publicKey]).toString('base64')}`;
}

/** Reads `name+keyid+base64`. Throws RangeError when it is not an Ed25519 verifier key, or its id belongs to another. */
export function parseVerifier(encoded: string): Verifier {
  const [, name, id, key] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(encoded.trim()) ?? [];
  const bytes = Buffer.from(key ?? '', 'base64');
  if (name === undefined || bytes.byteLength !== 33 || bytes[0] !== ed25519) {
    throw new RangeError('a verifier key is name+keyid+base64 of an Ed25519 key');
  }
  const publicKey = bytes.subarray(1);
  if (keyId(name, publicKey) !== id) throw new RangeError(`the id ${id} is not that of this name and key`);
  return { name, publicKey };
}

export function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** The 32 bytes of an Ed25519 key, of either half of the pair. */
export function rawPublicKey(key: KeyObject): Buffer {
  const { x, crv } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  if (crv !== 'Ed25519' || x === undefined) throw new RangeError('not an Ed25519 key');
  return Buffer.from(x, 'base64url');
}

function isKeyName(name: string): boolean {
  return name !== '' && !/[\s+]/u.test(name);
}
