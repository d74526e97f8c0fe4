import { createBox } from './activities/adapters/vault/create-box';
import { createEmbeddedVault } from './activities/adapters/vault/embedded';
import { createMasterKeys } from './activities/adapters/vault/master-keys';
import type { CredentialVault } from './activities/adapters/vault/port';
import { createSealSecret } from './activities/adapters/vault/seal-secret';
import { createStateKeys } from './activities/adapters/vault/state-keys';
import type { ContentBox } from './contracts/content-box';
import type { SealSecret } from './contracts/credentials';
import { freezeContext } from './contracts/execution-context';
import type { StateKeys } from './contracts/state-keys';
import type { Dispatch } from './operations/catalogue';
import { createReadSecret } from './operations/credentials/read-secret';
import { newId } from './operations/ids';
import type { Database } from './operations/transaction/database';

export * from './activities/adapters/vault/cipher';
export * from './activities/adapters/vault/master-keys';
export type { CredentialVault, ResolvedCredential } from './activities/adapters/vault/port';

/** For the API: it encrypts what it is given, and decrypts nothing. */
export function sealWith(masterKeyFile: string): SealSecret {
  return createSealSecret(createMasterKeys(masterKeyFile));
}

/** For arguments and results of tool calls. */
export function boxWith(masterKeyFile: string): ContentBox {
  return createBox(createMasterKeys(masterKeyFile));
}

/** For the request states of the MCP gateway. */
export function stateKeysWith(masterKeyFile: string): StateKeys {
  return createStateKeys(createMasterKeys(masterKeyFile));
}

/** For the worker, whose activities are the only ones that get a secret in the clear. */
export function createVault(
  masterKeyFile: string,
  { db, dispatch }: { readonly db: Database; readonly dispatch: Dispatch },
): CredentialVault {
  return createEmbeddedVault({
    keys: createMasterKeys(masterKeyFile),
    readSecret: createReadSecret(db),
    async recordAccess(context, { credentialId, purpose, ...outcome }) {
      // Who may use a credential need not be allowed to read any: the vault records for whoever acts.
      const recorder = freezeContext({ ...context, actor: { id: 'system:vault', type: 'system' } });
      const { id, type } = context.actor;
      const { isGranted } = await dispatch(recorder, 'credentials.record_access', {
        params: { credentialId, purpose, accessor: { id, type }, outcome },
        idempotencyKey: newId('access-'),
      });
      return isGranted;
    },
  });
}
