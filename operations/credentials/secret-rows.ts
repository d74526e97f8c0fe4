import { sql } from 'kysely';
import type { SealedSecret } from '../../contracts/credentials';
import { EngineError, refusal } from '../../contracts/errors';
import type { Bound } from '../define';
import type { Transaction } from '../transaction/database';

export function credentialNotFound() {
  return refusal('NOT_FOUND', 'there is no such credential; list yours with GET /credentials');
}

/** The credential under lock, unless it is deleted, with the version of its secret. */
export async function lockCredential({ tx }: Bound, credentialId: string) {
  const { rows } = await sql<{ name: string; expiresAt: Date | null }>`
    select name, expires_at as "expiresAt" from credentials
    where credential_id = ${credentialId} and deleted_at is null for update`.execute(tx);
  const [credential] = rows;
  if (credential === undefined) return { credential };
  return { credential: { ...credential, version: await readVersion(tx, credentialId) } };
}

/** To be asked behind the lock: a statement that waited for it would still see what was before. */
export async function readVersion(tx: Transaction, credentialId: string): Promise<number> {
  const { rows } = await sql<{ version: number }>`
    select coalesce(max(secret_version), 0) as version from credential_secrets
    where credential_id = ${credentialId}`.execute(tx);
  return rows[0]?.version ?? 0;
}

/** Refuses a secret under a master key that the installation does not use: others could not read it. */
export async function requireMasterKey({ tx }: Bound, { keyId }: SealedSecret): Promise<void> {
  const { rows } = await sql<{ state: string }>`select aos_use_master_key(${keyId}) as state`.execute(tx);
  const state = rows[0]?.state;
  if (state === 'retired') throw new EngineError('resource_busy', 'the master key was rotated meanwhile; try again');
  if (state !== 'in use') {
    throw new EngineError(
      'invalid_configuration',
      `the master key ${keyId} of this process (AOS_MASTER_KEY_FILE) is not the installation's`,
    );
  }
}

export async function insertSecret({ tx, context }: Bound, credentialId: string, sealed: SealedSecret): Promise<void> {
  await tx
    .insertInto('credential_secrets')
    .values({
      credential_id: credentialId,
      secret_version: sealed.secretVersion,
      tenant_id: context.tenantId,
      key_id: sealed.keyId,
      nonce: Buffer.from(sealed.nonce, 'base64'),
      ciphertext: Buffer.from(sealed.ciphertext, 'base64'),
      tag: Buffer.from(sealed.tag, 'base64'),
    })
    .execute();
}

/** Refuses an end that is not to come. */
export function requireFuture(expiresAt: string | null | undefined): void {
  if (typeof expiresAt === 'string' && Date.parse(expiresAt) <= Date.now()) {
    throw refusal('validation_error', 'expires_at is not in the future', { details: { field: 'expires_at' } });
  }
}
