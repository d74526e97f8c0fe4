import type { ListToolsResult, Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { isPermitted, type Permission } from '../../contracts/roles';
import type { OfferedRow } from '../../operations/tools/gateway-reads';
import { hasServer } from '../../prisma/reads/gateway';
import { decodeCursor, encodeCursor, type CursorScope } from '../cursor';
import { planeTool } from './ask-plane';
import type { GatewayServices, Session } from './session';

const pageSize = 500;

/** The tools that the caller may call, as they were pinned. A page may hold fewer than others, or none, and have a next. */
export async function listTools(
  { prisma, gatewayReads }: Pick<GatewayServices, 'prisma' | 'gatewayReads'>,
  { context: { tenantId }, caller: { roles }, server }: Session,
  cursor: string | undefined,
): Promise<ListToolsResult> {
  const scope: CursorScope = ['mcp.tools', tenantId, server ?? null];
  const { rows, next } = await gatewayReads.listOffered(tenantId, {
    server,
    withPlanes: server === undefined && isPermitted(roles, 'query:planes'),
    limit: pageSize,
    after: cursor === undefined ? undefined : decodeCursor(cursor, scope, z.string()),
  });
  if (rows.length === 0 && server !== undefined && !(await hasServer(prisma, tenantId, server))) {
    throw refusal('SERVER_NOT_FOUND', `there is no server ${server}`);
  }
  const tools = rows.filter((row) => wanted(row).every((permission) => isPermitted(roles, permission))).map(toTool);
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
