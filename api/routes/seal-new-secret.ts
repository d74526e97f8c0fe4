import { checkSecret, type CredentialType, type SealedSecret } from '../../contracts/credentials';
import { refusal } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import type { ApiServices } from '../services';

export interface NewSecret {
  readonly credentialId: string;
  readonly type: CredentialType;
  readonly secretVersion: number;
  readonly secret: Readonly<Record<string, string>>;
}

type Sealed = Promise<{ readonly sealed: SealedSecret; readonly standIn: string }>;

/** Encrypts before anything is dispatched; what does not fit the type goes no further, and that is on record. */
export function sealNewSecret({ sealSecret, auditDoor }: Pick<ApiServices, 'sealSecret' | 'auditDoor'>) {
  return async (context: ExecutionContext, { secret, type, ...made }: NewSecret, action: string): Sealed => {
    const checked = checkSecret(type, secret);
    if ('fields' in checked) return sealSecret({ tenantId: context.tenantId, ...made, fields: checked.fields });
    const { field, message } = checked.issue;
    const refused = refusal('validation_error', `the body is not valid: ${field}: ${message}`, {
      details: { field, field_errors: [checked.issue] },
    });
    await auditDoor(context, refused, action);
    throw refused;
  };
}
