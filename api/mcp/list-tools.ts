import type { ListToolsResult, Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { isPermitted, type Permission } from '../../contracts/roles';
import type { OfferedRow } from '../../operations/tools/gateway-reads';
import { decodeCursor, encodeCursor, type CursorScope } from '../cursor';
import { planeTool } from './ask-plane';
import { requireServer } from './require-server';
import type { GatewayServices, Session } from './session';

const pageSize = 500;

/** The tools that the caller may call, as they were pinned. A page may hold fewer than others, or none, and have a next. */
export async function listTools(
  services: Pick<GatewayServices, 'prisma' | 'gatewayReads'>,
  session: Session,
  cursor: string | undefined,
): Promise<ListToolsResult> {
  const { context, caller, server } = session;
  const { tenantId } = context;
  const scope: CursorScope = ['mcp.tools', tenantId, server ?? null];
  const { rows, next } = await services.gatewayReads.listOffered(tenantId, {
    server,
    withPlanes: server === undefined && isPermitted(caller.roles, 'query:planes'),
    limit: pageSize,
    after: cursor === undefined ? undefined : decodeCursor(cursor, scope, z.string()),
  });
  if (rows.length === 0) await requireServer(services, session);
  const tools = rows
    .filter((row) => wanted(row).every((permission) => isPermitted(caller.roles, permission)))
    .map(toTool);
  return { tools, ...(next !== null && { nextCursor: encodeCursor(scope, next) }) };
}

function wanted({ planeId, serverName, toolName, requiredPermissions }: OfferedRow): Permission[] {
  if (planeId !== null) return ['query:planes'];
  return [`execute:mcp:${serverName ?? ''}:${toolName ?? ''}`, ...(requiredPermissions as Permission[])];
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
