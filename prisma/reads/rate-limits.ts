import type { LimitKey } from '../../contracts/api/rate-limits';
import { platformTenantId } from '../../contracts/execution-context';
import type { LimitedSubject } from '../../contracts/rate-limits';
import type { PrismaClient, Transaction } from '../client';
import type { RateLimit } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

/** The limits that the operator set, of all tenants. */
export function listRateLimits(
  prisma: PrismaClient,
  { limit, after }: PageRequest<LimitKey>,
): Promise<PageOf<RateLimit, LimitKey>> {
  return readAs(prisma, platformTenantId, async (tx) => {
    const [subjectType, subjectId] = after ?? [];
    const found = await tx.rateLimit.findMany({
      ...(subjectType !== undefined &&
        subjectId !== undefined && {
          where: { OR: [{ subjectType: { gt: subjectType } }, { subjectType, subjectId: { gt: subjectId } }] },
        }),
      orderBy: [{ subjectType: 'asc' }, { subjectId: 'asc' }],
      take: limit + 1,
    });
    return pageOf(found, limit, (row): LimitKey => [row.subjectType as LimitedSubject, row.subjectId]);
  });
}

export interface SubjectLimit {
  readonly tenantId: string;
  readonly override: RateLimit | null;
}

/** Whose the subject is and the limit of its own, if it has one; undefined when there is no such subject. */
export function findRateLimit(
  prisma: PrismaClient,
  subjectType: LimitedSubject,
  subjectId: string,
): Promise<SubjectLimit | undefined> {
  return readAs(prisma, platformTenantId, async (tx) => {
    const owner = await findOwner(tx, subjectType, subjectId);
    if (owner === null) return undefined;
    const override = await tx.rateLimit.findUnique({
      where: { subjectType_subjectId: { subjectType, subjectId } },
    });
    return { tenantId: owner.tenantId, override };
  });
}

/** Limits of planes that differ from the default, for what each plane says of its endpoint. */
export async function planeRates(
  tx: Transaction,
  planeIds: readonly string[],
): Promise<ReadonlyMap<string, RateLimit>> {
  const rows = await tx.rateLimit.findMany({ where: { subjectType: 'plane', subjectId: { in: [...planeIds] } } });
  return new Map(rows.map((row) => [row.subjectId, row]));
}

function findOwner(tx: Transaction, subjectType: LimitedSubject, id: string): Promise<{ tenantId: string } | null> {
  const select = { tenantId: true } as const;
  if (subjectType === 'tenant') return tx.tenant.findUnique({ where: { tenantId: id }, select });
  if (subjectType === 'key' && id.startsWith('idn_')) {
    return tx.iamIdentity.findUnique({ where: { identityId: id }, select });
  }
  if (subjectType === 'key') return tx.apiKey.findUnique({ where: { keyId: id }, select });
  return tx.knowledgePlane.findUnique({ where: { planeId: id }, select });
}
