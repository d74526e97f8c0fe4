import type { SealSecret } from '../../../contracts/credentials';
import { encrypt, standInOf } from './cipher';
import type { createMasterKeys } from './master-keys';

/** Encrypts before anything is dispatched, so that no operation, record or queue ever holds a secret in the clear. */
export function createSealSecret(keys: ReturnType<typeof createMasterKeys>): SealSecret {
  return async ({ tenantId, credentialId, secretVersion, fields }) => {
    const { current } = await keys.ring();
    const plain = Buffer.from(JSON.stringify(fields));
    const sealed = encrypt(current, { tenantId, credentialId, secretVersion }, plain);
    plain.fill(0);
    return { sealed, standIn: standInOf(current, tenantId, fields) };
  };
}
