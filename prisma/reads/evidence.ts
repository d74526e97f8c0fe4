import type { PrismaClient } from '../client';
import type { RetrievalEvidence } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

export interface EvidenceFilters {
  readonly planeId?: string | undefined;
  readonly runId?: string | undefined;
  readonly decision?: string | undefined;
}

/** The tenant's retrieval evidence, newest first. */
export function listEvidence(
  prisma: PrismaClient,
  tenantId: string,
  { filters, limit, after }: PageRequest<string> & { filters: EvidenceFilters },
): Promise<PageOf<RetrievalEvidence, string>> {
  const equal = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.retrievalEvidence.findMany({
      where: { tenantId, ...equal, ...(after !== undefined && { seq: { lt: BigInt(after) } }) },
      orderBy: { seq: 'desc' },
      take: limit + 1,
    });
    return pageOf(found, limit, ({ seq }) => String(seq));
  });
}

export function findEvidence(prisma: PrismaClient, tenantId: string, id: string): Promise<RetrievalEvidence | null> {
  return readAs(prisma, tenantId, (tx) => tx.retrievalEvidence.findFirst({ where: { tenantId, id } }));
}
