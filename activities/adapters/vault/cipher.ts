import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { SealedSecret } from '../../../contracts/credentials';
import type { MasterKey } from './master-keys';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** Whose secret it is: decryption under any other name fails. */
export interface SecretName {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly secretVersion: number;
}

export function encrypt(key: MasterKey, name: SecretName, plain: Uint8Array): SealedSecret {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key.derive('encryption', name.tenantId), nonce, { authTagLength: tagBytes });
  cipher.setAAD(associated(key, name));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return {
    secretVersion: name.secretVersion,
    keyId: key.keyId,
    nonce: nonce.toString('base64'),
    ciphertext: ciphertext.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
}

/** Throws when key, name or any bit of what was stored is another. */
export function decrypt(
  key: MasterKey,
  name: SecretName,
  stored: { readonly nonce: Uint8Array; readonly ciphertext: Uint8Array; readonly tag: Uint8Array },
): Buffer {
  const decipher = createDecipheriv(algorithm, key.derive('encryption', name.tenantId), stored.nonce, {
    authTagLength: tagBytes,
  });
  decipher.setAAD(associated(key, name));
  decipher.setAuthTag(stored.tag);
  return Buffer.concat([decipher.update(stored.ciphertext), decipher.final()]);
}

/** What stands for a secret where equal calls must be told from others: of no use to guess it without the master key. */
export function standInOf(key: MasterKey, tenantId: string, fields: Readonly<Record<string, string>>): string {
  return createHmac('sha256', key.derive('stand-in', tenantId))
    .update(canonicalize(fields) ?? '')
    .digest('hex');
}

function associated(key: MasterKey, { tenantId, credentialId, secretVersion }: SecretName): Buffer {
  return Buffer.from(JSON.stringify(['aos vault 1', tenantId, credentialId, secretVersion, key.keyId]));
}
