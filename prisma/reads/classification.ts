import type { PrismaClient } from '../client';
import type { KnowledgeDocument, KnowledgePlane } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { planeStatus } from './planes';
import { readAs } from './read-as';

/** The plane's row, which holds the sums of its classification; undefined when the tenant has none of this id. */
export function findClassification(
  prisma: PrismaClient,
  tenantId: string,
  planeId: string,
): Promise<KnowledgePlane | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    return (await tx.knowledgePlane.findFirst({ where: { tenantId, planeId } })) ?? undefined;
  });
}

interface ClassifiedPage extends PageRequest<string> {
  readonly planeId: string;
  /** Only documents in which this was found. */
  readonly kind: string | undefined;
}

/** The classified documents of a plane, by id, each with the sums of its findings. */
export function listClassifiedDocuments(
  prisma: PrismaClient,
  tenantId: string,
  { planeId, kind, limit, after }: ClassifiedPage,
): Promise<PageOf<KnowledgeDocument, string> | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    if ((await planeStatus(tx, tenantId, planeId)) === undefined) return undefined;
    const found = await tx.knowledgeDocument.findMany({
      where: {
        planeId,
        deletedAt: null,
        indexedVersion: { not: null },
        classifiedVersion: { not: null, equals: tx.knowledgeDocument.fields.indexedVersion },
        ...(kind !== undefined && { findingCounts: { path: [kind, 'findings'], gt: 0 } }),
        ...(after !== undefined && { documentId: { gt: after } }),
      },
      orderBy: { documentId: 'asc' },
      take: limit + 1,
    });
    return pageOf(found, limit, ({ documentId }) => documentId);
  });
}
