import type { CredentialType } from '../../../contracts/credentials';
import { refusal } from '../../../contracts/errors';
import type { ServerAuthType } from '../../../contracts/tools';
import type { Bound } from '../../define';

const typesOf: Readonly<Record<Exclude<ServerAuthType, 'none'>, CredentialType>> = {
  api_key: 'api_key',
  bearer: 'bearer_token',
  basic: 'basic_auth',
  oauth: 'oauth',
};

/** Refuses a credential that is not there, or is of a kind that the way of authentication cannot use. */
export async function requireCredential({ tx }: Bound, authType: string, credentialId: string): Promise<void> {
  const field = 'credential_id';
  if (authType === 'none') {
    throw refusal('validation_error', 'the server was registered without authentication', { details: { field } });
  }
  const credential = await tx
    .selectFrom('credentials')
    .select('type')
    .where('credential_id', '=', credentialId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (credential === undefined) throw refusal('NOT_FOUND', 'there is no such credential', { details: { field } });
  const expected = typesOf[authType as keyof typeof typesOf];
  if (credential.type !== expected) {
    const message = `auth_type ${authType} needs a credential of type ${expected}; this one is ${credential.type}`;
    throw refusal('validation_error', message, { details: { field } });
  }
}
