import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { keyId, rawPublicKey, type Signer } from '../../evidence/note';

/** Why nothing can be sealed now. The message is for operators. */
export class SealingHalt extends Error {
  override readonly name = 'SealingHalt';
}

export interface SigningKey extends Signer {
  readonly keyId: string;
}

/** The name under which an installation signs. */
export function signerName(installationId: string): string {
  return `aos/${installationId}`;
}

/** The Ed25519 key of a PKCS#8 PEM file (RFC 8410). Throws SealingHalt when there is none. */
export async function loadSigningKey(file: string, installationId: string): Promise<SigningKey> {
  const pem = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new SealingHalt(`the signing key (AOS_SIGNING_KEY_FILE) cannot be read: ${error.code ?? 'unknown'}`);
  });
  return parseSigningKey(pem, installationId);
}

export function parseSigningKey(pem: string, installationId: string): SigningKey {
  const name = signerName(installationId);
  try {
    const privateKey = createPrivateKey({ key: pem, format: 'pem' });
    const publicKey = rawPublicKey(privateKey);
    return { name, privateKey, publicKey, keyId: keyId(name, publicKey) };
  } catch {
    throw new SealingHalt('the signing key (AOS_SIGNING_KEY_FILE) is not an Ed25519 key in PKCS#8 PEM');
  }
}
