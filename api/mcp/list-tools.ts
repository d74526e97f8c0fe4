import type { ListToolsResult, Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { isPermitted, type Permission } from '../../contracts/roles';
import type { OfferedRow } from '../../operations/tools/gateway-reads';
import { decodeCursor, encodeCursor, type CursorScope } from '../cursor';
import { planeTool } from './ask-plane';
import { requireServer } from './require-server';
import type { GatewayServices, Listing } from './session';

const pageSize = 500;

type Permitted = Pick<OfferedRow, 'serverName' | 'toolName' | 'requiredPermissions'>;

/** The tools that the caller may call, as they were pinned. A page may hold fewer than others, or none, and have a next. */
export async function listTools(
  services: Pick<GatewayServices, 'prisma' | 'gatewayReads'>,
  listing: Listing,
  cursor: string | undefined,
): Promise<ListToolsResult> {
  const { tenantId, roles, server } = listing;
  const scope: CursorScope = ['mcp.tools', tenantId, server ?? null];
  const { rows, next } = await services.gatewayReads.listOffered(tenantId, {
    server,
    withPlanes: server === undefined && isPermitted(roles, 'query:planes'),
    limit: pageSize,
    after: cursor === undefined ? undefined : decodeCursor(cursor, scope, z.string()),
  });
  if (rows.length === 0) await requireServer(services, listing);
  const tools = rows
    .filter((row) => permissionsOfTool(row).every((permission) => isPermitted(roles, permission)))
    .map(toTool);
  return { tools, ...(next !== null && { nextCursor: encodeCursor(scope, next) }) };
}

/** What a caller needs to be offered a tool, or a plane, which is of no server. */
export function permissionsOfTool({ serverName, toolName, requiredPermissions }: Permitted): Permission[] {
  if (serverName === null) return ['query:planes'];
  return [`execute:mcp:${serverName}:${toolName ?? ''}`, ...(requiredPermissions as Permission[])];
}

function toTool(row: OfferedRow): Tool {
  if (row.planeId !== null) return planeTool(row);
  const { name, title, description, inputSchema, outputSchema, annotations } = row;
  return {
    name,
    ...(title !== null && { title }),
    ...(description !== null && { description }),
    inputSchema: inputSchema as Tool['inputSchema'],
    ...(outputSchema !== null && { outputSchema: outputSchema as Tool['outputSchema'] }),
    ...(annotations !== null && { annotations: annotations as Tool['annotations'] }),
  } as Tool;
}
