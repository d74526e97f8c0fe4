import { z } from 'zod';
import { Moment } from '../../contracts/api/common';
import { CredentialId, SealedSecret } from '../../contracts/credentials';
import { EngineError } from '../../contracts/errors';
import { defineOperation } from '../define';
import { logAccess, logRefusal } from './access';
import { credentialNotFound, insertSecret, lockCredential, requireFuture, requireMasterKey } from './secret-rows';

const name = 'credentials.rotate';

/** Puts a new secret in the place of the old one, which is gone with the commit. */
export const rotateCredential = defineOperation({
  name,
  permission: 'manage:integrations',
  params: z.strictObject({
    credentialId: CredentialId,
    /** Absent: as it was. Null: never. */
    expires_at: Moment.nullable().optional(),
    sealed: SealedSecret,
    standIn: z.string(),
  }),
  digested: ({ sealed: _sealed, ...rest }) => rest,
  fence: 'fenced',
  loadFacts: (work, { credentialId }) => lockCredential(work, credentialId),

  async handle(work, { params: { credentialId, sealed, expires_at: given }, facts: { credential } }) {
    if (credential === undefined) throw credentialNotFound();
    // It was encrypted as a certain version, and can be decrypted as no other.
    if (sealed.secretVersion !== credential.version + 1) {
      throw new EngineError('resource_busy', 'the credential was rotated meanwhile; try again', {
        retryAfterSeconds: 1,
      });
    }
    requireFuture(given);
    await requireMasterKey(work, sealed);
    await work.tx.deleteFrom('credential_secrets').where('credential_id', '=', credentialId).execute();
    await insertSecret(work, credentialId, sealed);
    const expiresAt = given === undefined ? credential.expiresAt : given === null ? null : new Date(given);
    await work.tx
      .updateTable('credentials')
      .set({ updated_at: new Date(), expires_at: expiresAt })
      .where('credential_id', '=', credentialId)
      .execute();
    await logAccess(work, { credentialId, action: 'rotate', error: null });
    const auditEventId = work.audit({
      type: 'CredentialRotated',
      outcome: 'success',
      resource: { type: 'credential', id: credentialId },
      evidence: {
        name: credential.name,
        secret_version: sealed.secretVersion,
        key_id: sealed.keyId,
        expires_at: expiresAt?.toISOString() ?? null,
      },
    });
    return {
      credentialId,
      secretVersion: sealed.secretVersion,
      expiresAt: expiresAt?.toISOString() ?? null,
      auditEventId,
    };
  },
  refused: (work, { params: { credentialId }, error }) =>
    logRefusal(work, name, { credentialId, action: 'rotate' }, error),
});
