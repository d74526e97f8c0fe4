import type { AccessFailure, CredentialType } from '../../../contracts/credentials';
import { EngineError } from '../../../contracts/errors';
import type { ExecutionContext } from '../../../contracts/execution-context';
import { decrypt } from './cipher';
import type { createMasterKeys } from './master-keys';
import type { CredentialRequest, CredentialVault, ResolvedCredential } from './port';

export interface StoredSecret {
  readonly type: CredentialType;
  readonly isExpired: boolean;
  readonly secretVersion: number;
  readonly keyId: string;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

export interface EmbeddedVaultDependencies {
  readonly keys: ReturnType<typeof createMasterKeys>;
  /** Undefined when the tenant has no such credential, or has deleted it. */
  readonly readSecret: (tenantId: string, credentialId: string) => Promise<StoredSecret | undefined>;
  /** Puts the access on record. False when the credential is by now another than the one that was read. */
  readonly recordAccess: (
    context: ExecutionContext,
    access: CredentialRequest & ({ readonly secretVersion: number } | { readonly failure: AccessFailure }),
  ) => Promise<boolean>;
}

const readingsMax = 3;

/** Ciphertext from the database, key from the file. */
export function createEmbeddedVault({ keys, readSecret, recordAccess }: EmbeddedVaultDependencies): CredentialVault {
  return {
    async resolve(context, request) {
      let failure: AccessFailure = 'changed';
      for (let reading = 0; reading < readingsMax; reading += 1) {
        const stored = await readSecret(context.tenantId, request.credentialId);
        const opened = await open({ ...request, tenantId: context.tenantId }, stored);
        if (!('failure' in opened)) {
          const isCurrent = await recordAccess(context, { ...request, secretVersion: opened.secretVersion });
          if (isCurrent) return opened;
          continue;
        }
        ({ failure } = opened);
        // Between the reading of the row and that of the files a rotation may have taken the key away.
        if (failure === 'key_unavailable' && reading < readingsMax - 1) continue;
        await recordAccess(context, { ...request, failure });
        if (opened.error !== undefined) throw opened.error;
        return undefined;
      }
      throw new EngineError('resource_busy', `the credential cannot be read at this moment (${failure}); try again`);
    },
  };

  async function open(
    { tenantId, credentialId }: { readonly tenantId: string; readonly credentialId: string },
    stored: StoredSecret | undefined,
  ): Promise<ResolvedCredential | { readonly failure: AccessFailure; readonly error?: unknown }> {
    if (stored === undefined) return { failure: 'not_found' };
    if (stored.isExpired) return { failure: 'expired' };
    const { type, secretVersion, keyId } = stored;
    try {
      const key = (await keys.ring()).find(keyId);
      if (key === undefined) throw new EngineError('invalid_configuration', `it needs the master key ${keyId}`);
      return { type, secretVersion, fields: fieldsOf(decrypt(key, { tenantId, credentialId, secretVersion }, stored)) };
    } catch (error) {
      if (error instanceof EngineError) return { failure: 'key_unavailable', error };
      const message = 'what is stored of the credential is not authentic';
      return { failure: 'not_authentic', error: new EngineError('invalid_configuration', message, { cause: error }) };
    }
  }
}

function fieldsOf(plain: Buffer): Record<string, string> {
  const fields = JSON.parse(plain.toString()) as Record<string, string>;
  plain.fill(0);
  return fields;
}
