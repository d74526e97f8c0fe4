import { z } from 'zod';
import { IdentityId } from '../../contracts/api/identities';
import { refusal } from '../../contracts/errors';
import { text } from '../../contracts/text';
import { defineOperation, type Bound } from '../define';

const params = z.strictObject({ identityId: IdentityId, reason: text(1000) });
type Params = z.infer<typeof params>;

/** Shuts out whoever comes by tokens of an identity provider. It holds at once, also for work that was begun. */
export const blockIdentity = defineOperation({
  name: 'identity.identities.block',
  permission: 'manage:users',
  params,
  fence: 'key-revocation',
  loadFacts: loadIdentity,

  async handle(work, { params: { identityId, reason }, facts: { identity } }) {
    if (identity === undefined) throw noSuchIdentity();
    if (identity.blocked_at !== null) throw refusal('INVALID_STATE', 'the identity is blocked already');
    await change(work, identityId, {
      ...{ blocked_at: new Date(), blocked_by: work.context.actor.id },
      block_reason: reason,
    });
    const auditEventId = work.audit({
      type: 'IdentityBlocked',
      outcome: 'success',
      resource: { type: 'identity', id: identityId },
      evidence: { issuer: identity.issuer, subject: identity.subject, reason },
    });
    return { identityId, status: 'blocked' as const, auditEventId };
  },
});

/** Lets an identity come in again; roles that its tokens brought before count again until they run out. */
export const unblockIdentity = defineOperation({
  name: 'identity.identities.unblock',
  permission: 'manage:users',
  params,
  fence: 'fenced',
  loadFacts: loadIdentity,

  async handle(work, { params: { identityId, reason }, facts: { identity } }) {
    if (identity === undefined) throw noSuchIdentity();
    if (identity.blocked_at === null) throw refusal('INVALID_STATE', 'the identity is not blocked');
    await change(work, identityId, { blocked_at: null, blocked_by: null, block_reason: null });
    const auditEventId = work.audit({
      type: 'IdentityUnblocked',
      outcome: 'success',
      resource: { type: 'identity', id: identityId },
      evidence: { issuer: identity.issuer, subject: identity.subject, reason },
    });
    return { identityId, status: 'active' as const, auditEventId };
  },
});

async function loadIdentity({ tx, context }: Bound, { identityId }: Params) {
  const identity = await tx
    .selectFrom('iam_identities')
    .select(['issuer', 'subject', 'blocked_at'])
    .where('identity_id', '=', identityId)
    .where('tenant_id', '=', context.tenantId)
    .forUpdate()
    .executeTakeFirst();
  return { identity };
}

interface Block {
  readonly blocked_at: Date | null;
  readonly blocked_by: string | null;
  readonly block_reason: string | null;
}

async function change({ tx }: Bound, identityId: string, block: Block): Promise<void> {
  await tx.updateTable('iam_identities').set(block).where('identity_id', '=', identityId).execute();
}

function noSuchIdentity() {
  return refusal('NOT_FOUND', 'there is no such identity; list them with GET /identities');
}
