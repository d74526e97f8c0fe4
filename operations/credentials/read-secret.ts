import { sql } from 'kysely';
import type { CredentialType } from '../../contracts/credentials';
import type { Database } from '../transaction/database';
import { readAsTenant } from '../transaction/read';

interface SecretRow {
  readonly type: CredentialType;
  readonly isExpired: boolean;
  readonly secretVersion: number;
  readonly keyId: string;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** Reads the ciphertext of a credential; undefined when the tenant has no such one, or has deleted it. */
export function createReadSecret(db: Database) {
  return (tenantId: string, credentialId: string): Promise<SecretRow | undefined> =>
    readAsTenant(db, tenantId, async (tx) => {
      const { rows } = await sql<SecretRow>`
        select c.type, coalesce(c.expires_at <= clock_timestamp(), false) as "isExpired",
          s.secret_version as "secretVersion", s.key_id as "keyId", s.nonce, s.ciphertext, s.tag
        from credentials c join credential_secrets s using (credential_id)
        where c.credential_id = ${credentialId} and c.tenant_id = ${tenantId} and c.deleted_at is null
        order by s.secret_version desc limit 1`.execute(tx);
      return rows[0];
    });
}
