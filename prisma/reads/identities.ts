import type { TimeKey } from '../../contracts/api/common';
import type { PrismaClient } from '../client';
import type { IamIdentity, IamIdentityRoles } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

export type IdentityRow = IamIdentity & { readonly roles: readonly IamIdentityRoles[] };

/** Who came by tokens, last known first, with the roles that still count. The tenant is named here too, as for keys. */
export function listIdentities(
  prisma: PrismaClient,
  tenantId: string,
  { limit, after, now }: PageRequest<TimeKey> & { readonly now: Date },
): Promise<PageOf<IdentityRow, TimeKey>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.iamIdentity.findMany({
      where: { tenantId, ...(after !== undefined && seenBefore(after)) },
      include: { roles: { where: { validUntil: { gt: now } } } },
      orderBy: [{ firstSeenAt: 'desc' }, { identityId: 'desc' }],
      take: limit + 1,
    });
    return pageOf(found, limit, (row): TimeKey => [row.firstSeenAt.toISOString(), row.identityId]);
  });
}

function seenBefore([firstSeenAt, identityId]: TimeKey) {
  const time = new Date(firstSeenAt);
  return { OR: [{ firstSeenAt: { lt: time } }, { firstSeenAt: time, identityId: { lt: identityId } }] };
}
