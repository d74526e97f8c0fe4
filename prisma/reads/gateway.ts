import type { PrismaClient } from '../client';
import { readAs } from './read-as';

/** Whatever its state: why it cannot be asked is for the decision to say. */
export function findServerNamed(prisma: PrismaClient, tenantId: string, name: string): Promise<string | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const server = await tx.mcpServer.findFirst({
      where: { tenantId, name, deletedAt: null },
      select: { serverId: true },
    });
    return server?.serverId;
  });
}

/** The call that this workflow carries out; undefined before it was taken on. */
export function findInvocation(
  prisma: PrismaClient,
  tenantId: string,
  workflowId: string,
): Promise<string | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const call = await tx.mcpToolCall.findUnique({ where: { workflowId }, select: { invocationId: true } });
    return call?.invocationId;
  });
}
