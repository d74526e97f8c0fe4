import { platformTenantId } from '../../contracts/execution-context';
import type { PrismaClient } from '../client';
import type { TenantOperationMode } from '../generated/client';
import { readAs } from './read-as';

export interface TenantModes {
  readonly mode: string;
  readonly operations: readonly TenantOperationMode[];
}

/** The modes of a tenant as the operator sees them; undefined when there is no such tenant. */
export function findTenantModes(prisma: PrismaClient, tenantId: string): Promise<TenantModes | undefined> {
  return readAs(prisma, platformTenantId, async (tx) => {
    const tenant = await tx.tenant.findFirst({
      where: { tenantId, NOT: { tenantId: platformTenantId } },
      select: { enforcementMode: true },
    });
    if (tenant === null) return undefined;
    const operations = await tx.tenantOperationMode.findMany({ where: { tenantId }, orderBy: { operation: 'asc' } });
    return { mode: tenant.enforcementMode, operations };
  });
}
