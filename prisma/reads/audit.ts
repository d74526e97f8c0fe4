import type { PrismaClient, Transaction } from '../client';
import type { Prisma } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { planeStatus } from './planes';
import { readAs } from './read-as';

const metadata = {
  ordinal: true,
  tenantId: true,
  eventId: true,
  eventType: true,
  eventCategory: true,
  severity: true,
  requestId: true,
  traceId: true,
  runId: true,
  stepIndex: true,
  planeId: true,
  jobId: true,
  actorId: true,
  actorType: true,
  action: true,
  resourceType: true,
  resourceId: true,
  outcome: true,
  policyId: true,
  policySnapshotId: true,
  errorCode: true,
  errorMessage: true,
  integrityHash: true,
  occurredAt: true,
  recordedAt: true,
} satisfies Prisma.AuditEventSelect;

export type AuditRow = Prisma.AuditEventGetPayload<{ select: typeof metadata }> & {
  readonly payloadBytes?: Uint8Array | null;
  readonly evidence?: Prisma.JsonValue;
};

export interface AuditFilters {
  readonly eventType?: string | undefined;
  readonly category?: string | undefined;
  readonly outcome?: string | undefined;
  readonly planeId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly runId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly actorId?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** The tenant's events, newest first; the hashed bytes only when asked for. */
export function listAuditEvents(
  prisma: PrismaClient,
  tenantId: string,
  { filters, withPayload, ...page }: PageRequest<string> & { filters: AuditFilters; withPayload: boolean },
): Promise<PageOf<AuditRow, string>> {
  const select = { ...metadata, ...(withPayload && { payloadBytes: true }) };
  return readAs(prisma, tenantId, (tx) => findEvents(tx, { where: toWhere(tenantId, filters), select, page }));
}

/** What happened to a plane of the tenant, newest first; undefined when it has none of this id. */
export function listLifecycleEvents(
  prisma: PrismaClient,
  tenantId: string,
  { planeId, eventType, ...page }: PageRequest<string> & { planeId: string; eventType?: string | undefined },
): Promise<PageOf<AuditRow, string> | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    if ((await planeStatus(tx, tenantId, planeId)) === undefined) return undefined;
    const where = toWhere(tenantId, { planeId, eventType, category: 'lifecycle' });
    return findEvents(tx, { where, select: { ...metadata, evidence: true }, page });
  });
}

async function findEvents(
  tx: Transaction,
  {
    where,
    select,
    page: { limit, after },
  }: { where: Prisma.AuditEventWhereInput; select: Prisma.AuditEventSelect; page: PageRequest<string> },
): Promise<PageOf<AuditRow, string>> {
  const found = (await tx.auditEvent.findMany({
    where: { ...where, ...(after !== undefined && { ordinal: { lt: BigInt(after) } }) },
    select,
    orderBy: { ordinal: 'desc' },
    take: limit + 1,
  })) as AuditRow[];
  return pageOf(found, limit, ({ ordinal }) => String(ordinal));
}

function toWhere(tenantId: string, filters: AuditFilters): Prisma.AuditEventWhereInput {
  const { category, since, until, ...same } = filters;
  const equal = Object.fromEntries(Object.entries(same).filter(([, value]) => value !== undefined));
  const occurredAt = {
    ...(since !== undefined && { gte: new Date(since) }),
    ...(until !== undefined && { lt: new Date(until) }),
  };
  return {
    tenantId,
    ...equal,
    ...(category !== undefined && { eventCategory: category }),
    ...(Object.keys(occurredAt).length > 0 && { occurredAt }),
  };
}

/** Whether the tenant has an event of this id. */
export function findAuditEventId(prisma: PrismaClient, tenantId: string, eventId: string): Promise<boolean> {
  return readAs(
    prisma,
    tenantId,
    async (tx) => (await tx.auditEvent.findFirst({ where: { tenantId, eventId }, select: { eventId: true } })) !== null,
  );
}
