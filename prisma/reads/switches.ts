import type { TimeKey } from '../../contracts/api/common';
import type { PrismaClient } from '../client';
import type { RuntimeSwitch } from '../generated/client';
import { olderThan, pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

// Row-level security decides what is in reach: own and global rows for a tenant, all for the operator.

/** Every switch in the caller's reach, newest first; or without those that the engine set on executions that it ended. */
export function listSwitches(
  prisma: PrismaClient,
  tenantId: string,
  { limit, after, withExecutions }: PageRequest<TimeKey> & { readonly withExecutions: boolean },
): Promise<PageOf<RuntimeSwitch, TimeKey>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.runtimeSwitch.findMany({
      where: {
        ...(after !== undefined && olderThan(after, 'switchId')),
        ...(!withExecutions && { NOT: { scopeType: 'run', actorType: 'system' } }),
      },
      orderBy: [{ createdAt: 'desc' }, { switchId: 'desc' }],
      take: limit + 1,
    });
    return pageOf(found, limit, (row): TimeKey => [row.createdAt.toISOString(), row.switchId]);
  });
}

export interface GovernanceRows {
  /** Switches of the whole installation and of the tenant itself: those that decide its mode. */
  readonly deciding: readonly RuntimeSwitch[];
  /** The switches that changed last, whatever their scope. */
  readonly inReach: readonly RuntimeSwitch[];
}

const inReachMax = 100;

export function readGovernance(prisma: PrismaClient, tenantId: string): Promise<GovernanceRows> {
  return readAs(prisma, tenantId, async (tx) => {
    const deciding = await tx.runtimeSwitch.findMany({
      where: { OR: [{ scopeType: 'global' }, { scopeType: 'tenant', scopeId: tenantId }] },
      orderBy: [{ lastChanged: 'desc' }, { switchId: 'desc' }],
    });
    const inReach = await tx.runtimeSwitch.findMany({
      orderBy: [{ enabled: 'desc' }, { lastChanged: 'desc' }, { switchId: 'desc' }],
      take: inReachMax,
    });
    return { deciding, inReach };
  });
}
