import type { PrismaClient } from '../client';
import { readAs } from './read-as';

export function hasServer(prisma: PrismaClient, tenantId: string, name: string): Promise<boolean> {
  return readAs(prisma, tenantId, async (tx) => {
    const server = await tx.mcpServer.findFirst({ where: { tenantId, name, deletedAt: null }, select: { name: true } });
    return server !== null;
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
