import type { DocumentStatus } from '../../contracts/knowledge';
import type { PrismaClient } from '../client';
import type { KnowledgeDocument, KnowledgeFinding } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { planeStatus } from './planes';
import { readAs } from './read-as';

interface OfPlane<Key> extends PageRequest<Key> {
  readonly planeId: string;
}

/** The documents of a plane of the tenant, by id; undefined when it has none of this id. */
export function listDocuments(
  prisma: PrismaClient,
  tenantId: string,
  { planeId, status, limit, after }: OfPlane<string> & { status?: DocumentStatus | undefined },
): Promise<PageOf<KnowledgeDocument, string> | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    if ((await planeStatus(tx, tenantId, planeId)) === undefined) return undefined;
    const found = await tx.knowledgeDocument.findMany({
      where: {
        planeId,
        ...(status !== undefined && { status }),
        ...(after !== undefined && { documentId: { gt: after } }),
      },
      orderBy: { documentId: 'asc' },
      take: limit + 1,
    });
    return pageOf(found, limit, ({ documentId }) => documentId);
  });
}

/** What was found in the documents of a plane, in the order of finding. */
export function listFindings(
  prisma: PrismaClient,
  tenantId: string,
  { planeId, limit, after }: OfPlane<string>,
): Promise<PageOf<KnowledgeFinding, string> | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    if ((await planeStatus(tx, tenantId, planeId)) === undefined) return undefined;
    const found = await tx.knowledgeFinding.findMany({
      where: { planeId, ...(after !== undefined && { id: { gt: BigInt(after) } }) },
      orderBy: { id: 'asc' },
      take: limit + 1,
    });
    return pageOf(found, limit, ({ id }) => String(id));
  });
}
