import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { tenantRoles, type Role } from '../../contracts/roles';
import { identifier, text } from '../../contracts/text';
import { defineOperation, type Bound } from '../define';
import { newId } from '../ids';

/** What is stored and looked up: SHA-256 of the whole key. The key itself has 256 random bits, so no salt is needed. */
export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** A new key and its id; nothing is stored yet. */
export function mintKey(): { readonly keyId: string; readonly key: string } {
  return { keyId: newId('key_', 8), key: `aos_${randomBytes(32).toString('base64url')}` };
}

export interface NewKey {
  readonly keyId: string;
  /** Shown once; null when a repeated call asks again. */
  readonly key: string | null;
}

/** Makes a key with a role for a tenant, in the open transaction. */
export async function insertKey(
  { tx, context }: Bound,
  { tenantId, name, role, expiresAt }: { tenantId: string; name: string; role: Role; expiresAt?: string | undefined },
): Promise<{ keyId: string; key: string }> {
  const { keyId, key } = mintKey();
  await tx
    .insertInto('api_keys')
    .values({
      key_id: keyId,
      tenant_id: tenantId,
      key_hash: hashKey(key),
      key_prefix: key.slice(0, 8),
      name,
      created_by: context.actor.id,
      expires_at: expiresAt ?? null,
    })
    .execute();
  await tx
    .insertInto('iam_grants')
    .values({ tenant_id: tenantId, identity: keyId, role, granted_by: context.actor.id })
    .execute();
  return { keyId, key };
}

/** Makes a key for the caller's tenant. The secret is in the first answer only. */
export const createKey = defineOperation({
  name: 'identity.keys.create',
  permission: 'manage:keys',
  params: z.strictObject({
    name: text(128),
    role: z.enum(tenantRoles),
    expires_at: z.iso.datetime({ offset: true }).optional(),
  }),
  fence: 'fenced',
  loadFacts: async () => ({}),

  async handle(work, { params: { name, role, expires_at: expiresAt } }) {
    if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()) {
      throw refusal('validation_error', 'expires_at is not in the future', { details: { field: 'expires_at' } });
    }
    const made: NewKey = await insertKey(work, { tenantId: work.context.tenantId, name, role, expiresAt });
    const auditEventId = work.audit({
      type: 'ApiKeyCreated',
      outcome: 'success',
      resource: { type: 'api_key', id: made.keyId },
      evidence: { name, role, expires_at: expiresAt ?? null },
    });
    return { ...made, name, role: role as Role, expiresAt: expiresAt ?? null, auditEventId };
  },
  remembered: (result) => ({ ...result, key: null }),
});

/** Revokes a key and its roles: it holds at once, also for work that runs under the key. */
export const revokeKey = defineOperation({
  name: 'identity.keys.revoke',
  permission: 'manage:keys',
  params: z.strictObject({ keyId: identifier }),
  fence: 'key-revocation',

  async loadFacts({ tx, context }, { keyId }) {
    const key = await tx
      .selectFrom('api_keys')
      .select(['key_id', 'name', 'revoked_at'])
      .where('key_id', '=', keyId)
      .where('tenant_id', '=', context.tenantId)
      .forUpdate()
      .executeTakeFirst();
    return { key };
  },

  async handle(work, { params: { keyId }, facts: { key } }) {
    if (key === undefined || key.revoked_at !== null) throw refusal('NOT_FOUND', 'there is no such key');
    const revoked = { revoked_at: new Date(), revoked_by: work.context.actor.id };
    await work.tx.updateTable('api_keys').set(revoked).where('key_id', '=', keyId).execute();
    await work.tx
      .updateTable('iam_grants')
      .set(revoked)
      .where('identity', '=', keyId)
      .where('revoked_at', 'is', null)
      .execute();
    const auditEventId = work.audit({
      type: 'ApiKeyRevoked',
      outcome: 'success',
      resource: { type: 'api_key', id: keyId },
      evidence: { name: key.name },
    });
    return { keyId, auditEventId };
  },
});
