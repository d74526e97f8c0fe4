import type { TimeKey } from '../../contracts/api/common';
import type { PrismaClient } from '../client';
import type { Policy, PolicySnapshot } from '../generated/client';
import { olderThan, pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

/** The tenant's policies, newest first. */
export function listPolicies(
  prisma: PrismaClient,
  tenantId: string,
  { limit, after }: PageRequest<TimeKey>,
): Promise<PageOf<Policy, TimeKey>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.policy.findMany({
      where: { tenantId, ...(after !== undefined && olderThan(after, 'policyId')) },
      orderBy: [{ createdAt: 'desc' }, { policyId: 'desc' }],
      take: limit + 1,
    });
    return pageOf(found, limit, (row): TimeKey => [row.createdAt.toISOString(), row.policyId]);
  });
}

export function findPolicy(prisma: PrismaClient, tenantId: string, policyId: string): Promise<Policy | null> {
  return readAs(prisma, tenantId, (tx) => tx.policy.findFirst({ where: { tenantId, policyId } }));
}

export interface SnapshotWithStatus {
  readonly snapshot: PolicySnapshot;
  readonly status: string;
}

/** The tenant's sealed snapshots, newest first. */
export function listSnapshots(
  prisma: PrismaClient,
  tenantId: string,
  { limit, after }: PageRequest<number>,
): Promise<PageOf<SnapshotWithStatus, number>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.policySnapshot.findMany({
      where: { tenantId, ...(after !== undefined && { version: { lt: after } }) },
      orderBy: { version: 'desc' },
      take: limit + 1,
    });
    const { rows, next } = pageOf(found, limit, ({ version }) => version);
    const statuses = await tx.policySnapshotStatus.findMany({
      where: { snapshotId: { in: rows.map(({ snapshotId }) => snapshotId) } },
    });
    const statusOf = new Map(statuses.map(({ snapshotId, status }) => [snapshotId, status]));
    return { rows: rows.map((snapshot) => withStatus(snapshot, statusOf.get(snapshot.snapshotId))), next };
  });
}

export function findSnapshot(
  prisma: PrismaClient,
  tenantId: string,
  snapshotId: string,
): Promise<SnapshotWithStatus | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const snapshot = await tx.policySnapshot.findFirst({ where: { tenantId, snapshotId } });
    if (snapshot === null) return undefined;
    const row = await tx.policySnapshotStatus.findUnique({ where: { snapshotId } });
    return withStatus(snapshot, row?.status);
  });
}

// A sealed row whose status is lost must not pass for one that may still decide.
function withStatus(snapshot: PolicySnapshot, status: string | undefined): SnapshotWithStatus {
  return { snapshot, status: status ?? 'invalid' };
}
