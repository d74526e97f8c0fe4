import type { KeyView } from '../../contracts/api/identity';
import { isRole } from '../../contracts/roles';
import type { KeyWithRoles } from '../../prisma/reads/api-keys';
import { isoOrNull } from './time';

export function toKeyView({ key, roles: names }: KeyWithRoles, now: Date): KeyView {
  const roles = names.filter(isRole);
  return {
    key_id: key.keyId,
    name: key.name,
    role: roles[0] ?? null,
    roles,
    key_prefix: key.keyPrefix,
    status: statusOf(key, now),
    created_by: key.createdBy,
    created_at: key.createdAt.toISOString(),
    expires_at: isoOrNull(key.expiresAt),
    revoked_at: isoOrNull(key.revokedAt),
  };
}

function statusOf({ revokedAt, expiresAt }: KeyWithRoles['key'], now: Date): KeyView['status'] {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'active';
}
