import type { CredentialType } from '../../../contracts/credentials';
import type { ExecutionContext } from '../../../contracts/execution-context';

/** A secret in the clear. It stays in the activity that asked, and is never returned, logged or stored. */
export interface ResolvedCredential {
  readonly type: CredentialType;
  readonly secretVersion: number;
  readonly fields: Readonly<Record<string, string>>;
}

export interface CredentialRequest {
  readonly credentialId: string;
  /** What for, in at most 256 characters: it stands in the access log. */
  readonly purpose: string;
}

export interface CredentialVault {
  /**
   * The secret of a credential of the context's tenant. The access is on record before it is handed out, and so is a
   * failed one. Undefined when there is no such credential, or it has run out; `invalid_configuration` when it is there
   * and cannot be decrypted.
   */
  resolve(context: ExecutionContext, request: CredentialRequest): Promise<ResolvedCredential | undefined>;
}
