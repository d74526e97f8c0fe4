import { sql } from 'kysely';
import { z } from 'zod';
import { Moment } from '../../contracts/api/common';
import {
  CredentialId,
  CredentialName,
  credentialNotes,
  credentialTypes,
  SealedSecret,
} from '../../contracts/credentials';
import { refusal } from '../../contracts/errors';
import { defineOperation } from '../define';
import { logAccess, logRefusal } from './access';
import { insertSecret, requireFuture, requireMasterKey } from './secret-rows';

const name = 'credentials.store';

/** Stores a credential whose secret was encrypted before it came here. */
export const storeCredential = defineOperation({
  name,
  permission: 'manage:integrations',
  params: z.strictObject({
    credentialId: CredentialId,
    name: CredentialName,
    type: z.enum(credentialTypes),
    ...credentialNotes,
    expires_at: Moment.optional(),
    sealed: SealedSecret,
    standIn: z.string(),
  }),
  // The id and the ciphertext are made anew for each call; the stand-in says whether the secret is the same.
  digested: ({ credentialId: _id, sealed: _sealed, ...rest }) => rest,
  fence: 'fenced',

  async loadFacts({ tx }, { name: given }) {
    const taken = await tx
      .selectFrom('credentials')
      .select('credential_id')
      .where('name', '=', given)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    return { isTaken: taken !== undefined };
  },

  async handle(work, { params, facts: { isTaken } }) {
    const { credentialId, type, sealed, expires_at: expiresAt } = params;
    if (isTaken) throw refusal('name_taken', `there is a credential named ${params.name} already`);
    requireFuture(expiresAt);
    await requireMasterKey(work, sealed);
    await work.tx
      .insertInto('credentials')
      .values({
        credential_id: credentialId,
        tenant_id: work.context.tenantId,
        name: params.name,
        type,
        description: params.description ?? null,
        tags: sql`${JSON.stringify(params.tags)}::jsonb`,
        metadata: sql`${JSON.stringify(params.metadata)}::jsonb`,
        is_rotatable: params.is_rotatable,
        rotation_interval_days: params.rotation_interval_days ?? null,
        expires_at: expiresAt ?? null,
        created_by: work.context.actor.id,
      })
      .execute();
    await insertSecret(work, credentialId, sealed);
    await logAccess(work, { credentialId, action: 'store', error: null });
    const auditEventId = work.audit({
      type: 'CredentialStored',
      outcome: 'success',
      resource: { type: 'credential', id: credentialId },
      evidence: {
        name: params.name,
        credential_type: type,
        secret_version: sealed.secretVersion,
        key_id: sealed.keyId,
        expires_at: expiresAt ?? null,
      },
    });
    return { credentialId, auditEventId };
  },
  refused: (work, { params: { credentialId }, error }) =>
    logRefusal(work, name, { credentialId, action: 'store' }, error),
});
