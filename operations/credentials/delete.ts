import { z } from 'zod';
import { CredentialId } from '../../contracts/credentials';
import { defineOperation } from '../define';
import { logAccess, logRefusal } from './access';
import { credentialNotFound, lockCredential } from './secret-rows';

const name = 'credentials.delete';

/** Ends a credential: its secret is gone with the commit, what was told of it stays. */
export const deleteCredential = defineOperation({
  name,
  permission: 'manage:integrations',
  params: z.strictObject({ credentialId: CredentialId }),
  // A secret that has leaked must be taken away though everything else has been stopped.
  fence: 'key-revocation',
  loadFacts: (work, { credentialId }) => lockCredential(work, credentialId),

  async handle(work, { params: { credentialId }, facts: { credential } }) {
    if (credential === undefined) throw credentialNotFound();
    const now = new Date();
    await work.tx.deleteFrom('credential_secrets').where('credential_id', '=', credentialId).execute();
    await work.tx
      .updateTable('credentials')
      .set({ deleted_at: now, updated_at: now })
      .where('credential_id', '=', credentialId)
      .execute();
    await logAccess(work, { credentialId, action: 'delete', error: null });
    const auditEventId = work.audit({
      type: 'CredentialDeleted',
      outcome: 'success',
      resource: { type: 'credential', id: credentialId },
      evidence: { name: credential.name },
    });
    return { credentialId, auditEventId };
  },
  refused: (work, { params: { credentialId }, error }) =>
    logRefusal(work, name, { credentialId, action: 'delete' }, error),
});
