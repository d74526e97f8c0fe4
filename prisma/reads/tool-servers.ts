import type { TimeKey } from '../../contracts/api/common';
import type { ServerStatus } from '../../contracts/tools';
import type { PrismaClient } from '../client';
import type { McpDiscovery, McpServer } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

interface ServerFilter extends PageRequest<TimeKey> {
  readonly status: ServerStatus | undefined;
  readonly includeDisabled: boolean;
}

/** The tenant's servers, newest first, without the unregistered. */
export function listServers(
  prisma: PrismaClient,
  tenantId: string,
  { limit, after, status, includeDisabled }: ServerFilter,
): Promise<PageOf<McpServer, TimeKey>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.mcpServer.findMany({
      where: {
        tenantId,
        deletedAt: null,
        ...(status !== undefined && { status }),
        // Who asks for the disabled by their status wants them shown.
        ...(!includeDisabled && status !== 'disabled' && { enabled: true }),
        ...(after !== undefined && registeredBefore(after)),
      },
      orderBy: [{ registeredAt: 'desc' }, { serverId: 'desc' }],
      take: limit + 1,
    });
    return pageOf(found, limit, (row): TimeKey => [row.registeredAt.toISOString(), row.serverId]);
  });
}

export function findServer(prisma: PrismaClient, tenantId: string, serverId: string): Promise<McpServer | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.mcpServer.findFirst({ where: { tenantId, serverId, deletedAt: null } });
    return found ?? undefined;
  });
}

/** A server and the discovery that was asked for last. */
export function findDiscoveredServer(
  prisma: PrismaClient,
  tenantId: string,
  serverId: string,
): Promise<(McpServer & { readonly discovery: McpDiscovery | undefined }) | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    // Before the server: one that is shown as completed has left its mark there.
    const discovery = await tx.mcpDiscovery.findFirst({
      where: { tenantId, serverId },
      orderBy: [{ requestedAt: 'desc' }, { discoveryId: 'desc' }],
    });
    const server = await tx.mcpServer.findFirst({ where: { tenantId, serverId, deletedAt: null } });
    return server === null ? undefined : { ...server, discovery: discovery ?? undefined };
  });
}

export function findDiscovery(prisma: PrismaClient, tenantId: string, discoveryId: string): Promise<McpDiscovery> {
  return readAs(prisma, tenantId, (tx) => tx.mcpDiscovery.findFirstOrThrow({ where: { tenantId, discoveryId } }));
}

function registeredBefore([time, serverId]: TimeKey) {
  const registeredAt = new Date(time);
  return { OR: [{ registeredAt: { lt: registeredAt } }, { registeredAt, serverId: { lt: serverId } }] };
}
