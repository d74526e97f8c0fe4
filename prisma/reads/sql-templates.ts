import type { TimeKey } from '../../contracts/api/common';
import type { PrismaClient } from '../client';
import type { SqlTemplate } from '../generated/client';
import { olderThan, pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

/** The tenant's SQL templates, newest first. */
export function listSqlTemplates(
  prisma: PrismaClient,
  tenantId: string,
  { limit, after }: PageRequest<TimeKey>,
): Promise<PageOf<SqlTemplate, TimeKey>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.sqlTemplate.findMany({
      where: { tenantId, ...(after !== undefined && olderThan(after, 'templateId')) },
      orderBy: [{ createdAt: 'desc' }, { templateId: 'desc' }],
      take: limit + 1,
    });
    return pageOf(found, limit, (row): TimeKey => [row.createdAt.toISOString(), row.templateId]);
  });
}

export function findSqlTemplate(
  prisma: PrismaClient,
  tenantId: string,
  templateId: string,
): Promise<SqlTemplate | null> {
  return readAs(prisma, tenantId, (tx) => tx.sqlTemplate.findFirst({ where: { tenantId, templateId } }));
}
