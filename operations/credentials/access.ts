import type { CredentialAction } from '../../contracts/credentials';
import type { EngineError } from '../../contracts/errors';
import type { Bound, Refused, Work } from '../define';
import { refusalEntry } from '../transaction/work';

export interface Access {
  readonly credentialId: string;
  readonly action: CredentialAction;
  readonly accessor?: { readonly id: string; readonly type: string };
  readonly purpose?: string;
  /** Null: it succeeded. */
  readonly error: string | null;
}

/** Appends to the access log, in the open transaction. */
export async function logAccess(
  { tx, context }: Bound,
  { accessor = context.actor, ...access }: Access,
): Promise<void> {
  await tx
    .insertInto('credential_access_log')
    .values({
      tenant_id: context.tenantId,
      credential_id: access.credentialId,
      accessor_id: accessor.id,
      accessor_type: accessor.type,
      action: access.action,
      purpose: access.purpose ?? null,
      success: access.error === null,
      error: access.error,
    })
    .execute();
}

/** What was tried and refused stands in the access log too. */
export async function logRefusal(
  work: Work,
  operation: string,
  access: Omit<Access, 'error'>,
  error: EngineError,
): Promise<Refused> {
  await logAccess(work, { ...access, error: error.reason ?? error.code });
  return { entry: refusalEntry(operation, error) };
}
