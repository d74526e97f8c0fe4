import type { AccessView, CredentialView } from '../../contracts/api/credentials';
import type { CredentialAction, CredentialType } from '../../contracts/credentials';
import type { CredentialAccess } from '../../prisma/generated/client';
import type { UsedCredential } from '../../prisma/reads/credentials';
import { isoOrNull } from './time';

export function toCredentialView(
  { credential, accessCount, lastAccessedAt }: UsedCredential,
  now: Date,
): CredentialView {
  const { expiresAt } = credential;
  return {
    credential_id: credential.credentialId,
    name: credential.name,
    type: credential.type as CredentialType,
    description: credential.description,
    tags: credential.tags as string[],
    metadata: credential.metadata as Record<string, unknown>,
    status: expiresAt !== null && expiresAt <= now ? 'expired' : 'active',
    is_rotatable: credential.isRotatable,
    rotation_interval_days: credential.rotationIntervalDays,
    created_by: credential.createdBy,
    created_at: credential.createdAt.toISOString(),
    updated_at: credential.updatedAt.toISOString(),
    expires_at: isoOrNull(expiresAt),
    last_accessed_at: isoOrNull(lastAccessedAt),
    access_count: accessCount,
  };
}

export function toAccessView(access: CredentialAccess): AccessView {
  return {
    accessor_id: access.accessorId,
    accessor_type: access.accessorType,
    action: access.action as CredentialAction,
    purpose: access.purpose,
    success: access.success,
    error: access.error,
    accessed_at: access.accessedAt.toISOString(),
  };
}
