import type { TimeKey } from '../../contracts/api/common';
import type { Rate } from '../../contracts/rate-limits';
import type { PrismaClient, Transaction } from '../client';
import type { KnowledgePlane, KnowledgeSource } from '../generated/client';
import { olderThan, pageOf, type PageOf, type PageRequest } from './page';
import { planeRates } from './rate-limits';
import { readAs } from './read-as';

export interface BindingRow {
  readonly planeId: string;
  readonly policyId: string;
  /** The policy is active and not switched off, so that the gate counts it. */
  readonly counts: boolean;
}

/** What of a plane its page shows. */
export type PlaneRow = Pick<
  KnowledgePlane,
  | 'planeId'
  | 'tenantId'
  | 'name'
  | 'description'
  | 'planeType'
  | 'status'
  | 'sensitivityLevel'
  | 'piiDetected'
  | 'documentCount'
  | 'nodeCount'
  | 'activeJobId'
  | 'nextAction'
  | 'statusReason'
  | 'embeddingModel'
  | 'endpoint'
  | 'onboard'
  | 'unreadableTolerance'
  | 'createdBy'
  | 'createdAt'
  | 'updatedAt'
> & { readonly totalBytes: bigint | number };

export type SourceRow = Pick<
  KnowledgeSource,
  'sourceId' | 'sourceType' | 'name' | 'config' | 'status' | 'lastIngestedAt' | 'lastError'
>;

export interface PlaneWithParts {
  readonly plane: PlaneRow;
  readonly sources: readonly SourceRow[];
  readonly bindings: readonly BindingRow[];
  /** Documents that are waiting, stored or indexed, by source. */
  readonly documentCounts: ReadonlyMap<string, number>;
  /** Limits of planes that differ from the default. */
  readonly rates?: ReadonlyMap<string, Rate>;
}

/** The tenant's planes, newest first. */
export function listPlanes(
  prisma: PrismaClient,
  tenantId: string,
  { limit, after }: PageRequest<TimeKey>,
): Promise<PageOf<PlaneWithParts, TimeKey>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.knowledgePlane.findMany({
      where: { tenantId, ...(after !== undefined && olderThan(after, 'planeId')) },
      orderBy: [{ createdAt: 'desc' }, { planeId: 'desc' }],
      take: limit + 1,
    });
    const { rows, next } = pageOf(found, limit, (row): TimeKey => [row.createdAt.toISOString(), row.planeId]);
    return { rows: await withParts(tx, rows), next };
  });
}

/** The plane as it was made, and the job that its registration began. */
export function findRegistration(
  prisma: PrismaClient,
  tenantId: string,
  planeId: string,
): Promise<{ parts: PlaneWithParts; firstJobId: string | null } | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const plane = await tx.knowledgePlane.findFirst({ where: { tenantId, planeId } });
    if (plane === null) return undefined;
    const sources = await tx.knowledgeSource.findMany({ where: { planeId }, orderBy: { position: 'asc' } });
    const job = await tx.knowledgeJob.findFirst({
      where: { planeId },
      orderBy: [{ createdAt: 'asc' }, { jobId: 'asc' }],
      select: { jobId: true },
    });
    const parts = { plane, sources, bindings: [], documentCounts: new Map<string, number>() };
    return { parts, firstJobId: job?.jobId ?? null };
  });
}

/** Lower-case state of a plane of the tenant; undefined when it has none of this id. */
export function findPlaneStatus(prisma: PrismaClient, tenantId: string, planeId: string): Promise<string | undefined> {
  return readAs(prisma, tenantId, (tx) => planeStatus(tx, tenantId, planeId));
}

export async function planeStatus(tx: Transaction, tenantId: string, planeId: string): Promise<string | undefined> {
  const plane = await tx.knowledgePlane.findFirst({ where: { tenantId, planeId }, select: { status: true } });
  return plane?.status;
}

export function openBindings(tx: Transaction, planeIds: readonly string[]): Promise<BindingRow[]> {
  return tx.$queryRaw<BindingRow[]>`
    select b.plane_id as "planeId", b.policy_id as "policyId",
      p.status = 'ACTIVE' and p.enforcement_mode <> 'DISABLED' as counts
    from plane_policy_bindings b join policies p on p.policy_id = b.policy_id
    where b.plane_id = any(${[...planeIds]}) and b.unbound_at is null
    order by b.bound_at, b.policy_id`;
}

async function withParts(tx: Transaction, planes: readonly KnowledgePlane[]): Promise<PlaneWithParts[]> {
  const planeIds = planes.map(({ planeId }) => planeId);
  if (planeIds.length === 0) return [];
  const sources = await tx.knowledgeSource.findMany({
    where: { planeId: { in: planeIds } },
    orderBy: [{ planeId: 'asc' }, { position: 'asc' }],
  });
  const bindings = await openBindings(tx, planeIds);
  const counted = await tx.knowledgeDocument.groupBy({
    by: ['sourceId'],
    where: { planeId: { in: planeIds }, status: { in: ['pending', 'stored', 'indexed'] } },
    _count: { _all: true },
  });
  const documentCounts = new Map(counted.map(({ sourceId, _count }) => [sourceId, _count._all]));
  const isOpen = planes.some(({ endpoint }) => endpoint !== null);
  const rates = isOpen ? await planeRates(tx, planeIds) : new Map<string, Rate>();
  const sourcesOf = byPlane(sources);
  const bindingsOf = byPlane(bindings);
  return planes.map((plane) => ({
    plane,
    sources: sourcesOf.get(plane.planeId) ?? [],
    bindings: bindingsOf.get(plane.planeId) ?? [],
    documentCounts,
    rates,
  }));
}

function byPlane<Row extends { readonly planeId: string }>(rows: readonly Row[]): ReadonlyMap<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.planeId);
    if (group === undefined) groups.set(row.planeId, [row]);
    else group.push(row);
  }
  return groups;
}
