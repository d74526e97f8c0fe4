import type { TimeKey } from '../../contracts/api/common';
import type { PrismaClient } from '../client';
import type { ApiKey } from '../generated/client';
import { olderThan, pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

export interface KeyWithRoles {
  readonly key: Omit<ApiKey, 'keyHash'>;
  readonly roles: readonly string[];
}

/** The keys of exactly this tenant, newest first. The operator could see others, so the tenant is named here too. */
export function listApiKeys(
  prisma: PrismaClient,
  tenantId: string,
  { limit, after }: PageRequest<TimeKey>,
): Promise<PageOf<KeyWithRoles, TimeKey>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.apiKey.findMany({
      where: { tenantId, ...(after !== undefined && olderThan(after, 'keyId')) },
      omit: { keyHash: true },
      orderBy: [{ createdAt: 'desc' }, { keyId: 'desc' }],
      take: limit + 1,
    });
    const { rows, next } = pageOf(found, limit, (row): TimeKey => [row.createdAt.toISOString(), row.keyId]);
    const grants = await tx.iamGrant.findMany({
      where: { tenantId, identity: { in: rows.map(({ keyId }) => keyId) } },
      orderBy: { grantedAt: 'asc' },
    });
    // A revoked key has lost its grants too; it is shown with the roles that it had.
    const rolesOf = ({ keyId, revokedAt }: (typeof rows)[number]) =>
      grants
        .filter((grant) => grant.identity === keyId && (grant.revokedAt === null || revokedAt !== null))
        .map(({ role }) => role);
    return { rows: rows.map((key) => ({ key, roles: [...new Set(rolesOf(key))] })), next };
  });
}
