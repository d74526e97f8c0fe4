import type { PrismaClient } from '../client';
import type { Prisma } from '../generated/client';
import { olderThan, pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

export type ExportRow = Prisma.EvidenceExportGetPayload<object>;

export function findExport(prisma: PrismaClient, tenantId: string, exportId: string): Promise<ExportRow | null> {
  return readAs(prisma, tenantId, (tx) => tx.evidenceExport.findFirst({ where: { tenantId, exportId } }));
}

/** The tenant's exports, newest first. */
export function listExports(
  prisma: PrismaClient,
  tenantId: string,
  { limit, after }: PageRequest<[string, string]>,
): Promise<PageOf<ExportRow, [string, string]>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.evidenceExport.findMany({
      where: { tenantId, ...(after !== undefined && olderThan(after, 'exportId')) },
      orderBy: [{ createdAt: 'desc' }, { exportId: 'desc' }],
      take: limit + 1,
    });
    return pageOf(found, limit, ({ createdAt, exportId }): [string, string] => [createdAt.toISOString(), exportId]);
  });
}
