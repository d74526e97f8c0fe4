import type { PrismaClient } from '../client';
import type { McpTool, McpToolGrant } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

/** A tool with the grant that is in force. */
export interface GrantedTool {
  readonly tool: McpTool;
  readonly grant: McpToolGrant | undefined;
}

/** The tools of a server by name; undefined when the tenant has no such server. */
export function listServerTools(
  prisma: PrismaClient,
  tenantId: string,
  { serverId, limit, after }: PageRequest<string> & { readonly serverId: string },
): Promise<PageOf<GrantedTool, string> | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const server = await tx.mcpServer.findFirst({
      where: { tenantId, serverId, deletedAt: null },
      select: { serverId: true },
    });
    if (server === null) return undefined;
    const found = await tx.mcpTool.findMany({
      where: { tenantId, serverId, ...(after !== undefined && { name: { gt: after } }) },
      orderBy: { name: 'asc' },
      take: limit + 1,
    });
    const page = pageOf(found, limit, ({ name }) => name);
    const grants = await tx.mcpToolGrant.findMany({
      where: { tenantId, revokedAt: null, toolId: { in: page.rows.map(({ toolId }) => toolId) } },
    });
    const byTool = new Map(grants.map((grant) => [grant.toolId, grant]));
    return { ...page, rows: page.rows.map((tool) => ({ tool, grant: byTool.get(tool.toolId) })) };
  });
}
