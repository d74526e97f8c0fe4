import { createHash, createPublicKey, verify } from 'node:crypto';

export interface SigningKey {
  readonly name: string;
  /** 32 bytes of Ed25519. */
  readonly publicKey: Buffer;
}

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/**
 * The checkpoint of a signed note (C2SP signed-note and tlog-checkpoint), when one of the keys has signed it; undefined
 * otherwise. Written for itself, so that it does not err where the signer errs.
 */
export function readCheckpoint(note: string, keys: readonly SigningKey[]): Checkpoint | undefined {
  const at = note.indexOf('\n\n');
  if (at < 0) return undefined;
  const text = note.slice(0, at + 1);
  const isSigned = note
    .slice(at + 2)
    .split('\n')
    .some((line) => keys.some((key) => isSignatureOf(key, line, text)));
  const [origin = '', size = '', root = ''] = text.split('\n');
  if (!isSigned || !/^\d+$/.test(size)) return undefined;
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') };
}

function isSignatureOf({ name, publicKey }: SigningKey, line: string, text: string): boolean {
  const prefix = `— ${name} `;
  if (!line.startsWith(prefix)) return false;
  const bytes = Buffer.from(line.slice(prefix.length), 'base64');
  if (!bytes.subarray(0, 4).equals(keyHash({ name, publicKey }))) return false;
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
    format: 'jwk',
  });
  return verify(null, Buffer.from(text), key, bytes.subarray(4));
}

// The first four bytes of SHA-256 over name, newline, signature type 0x01 and public key.
function keyHash({ name, publicKey }: SigningKey): Buffer {
  return createHash('sha256').update(`${name}\n`).update(Buffer.of(1)).update(publicKey).digest().subarray(0, 4);
}
