import type { IdentityView } from '../../contracts/api/identities';
import { isRole } from '../../contracts/roles';
import type { IdentityRow } from '../../prisma/reads/identities';
import { isoOrNull } from './time';

export function toIdentityView({ roles, ...identity }: IdentityRow): IdentityView {
  const last = roles.map(({ validUntil }) => validUntil).toSorted((a, b) => b.getTime() - a.getTime())[0];
  return {
    identity_id: identity.identityId,
    issuer: identity.issuer,
    subject: identity.subject,
    status: identity.blockedAt === null ? 'active' : 'blocked',
    roles: [...new Set(roles.flatMap((each) => each.roles))].filter(isRole).toSorted(),
    roles_until: isoOrNull(last ?? null),
    first_seen_at: identity.firstSeenAt.toISOString(),
    blocked_at: isoOrNull(identity.blockedAt),
    blocked_by: identity.blockedBy,
    block_reason: identity.blockReason,
  };
}
