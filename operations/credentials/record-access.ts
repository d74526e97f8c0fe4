import { sql } from 'kysely';
import { z } from 'zod';
import { accessFailures, CredentialId, purposeMax, type AccessFailure } from '../../contracts/credentials';
import { actorTypes } from '../../contracts/execution-context';
import { text } from '../../contracts/text';
import { defineOperation } from '../define';
import { logAccess, logRefusal } from './access';
import { readVersion } from './secret-rows';

const name = 'credentials.record_access';

/**
 * Puts on record that a secret is about to be handed out, or why it is not. Behind the fence, and with the credential
 * under lock: what a switch has stopped gets no secret, and one that was rotated or deleted is not handed out after it.
 */
export const recordAccess = defineOperation({
  name,
  permission: 'system:execute',
  params: z.strictObject({
    credentialId: CredentialId,
    purpose: text(purposeMax),
    accessor: z.strictObject({ id: z.string().max(128), type: z.enum(actorTypes) }),
    outcome: z.union([
      z.strictObject({ secretVersion: z.int().min(1) }),
      z.strictObject({ failure: z.enum(accessFailures) }),
    ]),
  }),
  fence: 'fenced',
  answer: 'fresh',

  async loadFacts({ tx }, { credentialId }) {
    const { rows } = await sql`
      select from credentials where credential_id = ${credentialId} and deleted_at is null
        and (expires_at is null or expires_at > clock_timestamp()) for share`.execute(tx);
    return { version: rows.length === 0 ? undefined : await readVersion(tx, credentialId) };
  },

  async handle(work, { params: { credentialId, purpose, accessor, outcome }, facts: { version } }) {
    const error: AccessFailure | null =
      'failure' in outcome ? outcome.failure : outcome.secretVersion === version ? null : 'changed';
    await logAccess(work, { credentialId, action: 'get', accessor, purpose, error });
    work.audit({
      type: 'CredentialAccessed',
      outcome: error === null ? 'success' : 'failure',
      resource: { type: 'credential', id: credentialId },
      evidence: {
        purpose,
        accessor_id: accessor.id,
        secret_version: 'secretVersion' in outcome ? outcome.secretVersion : null,
        error,
      },
    });
    return { isGranted: error === null };
  },
  refused: (work, { params: { credentialId, accessor, purpose }, error }) =>
    logRefusal(work, name, { credentialId, action: 'get', accessor, purpose }, error),
});
