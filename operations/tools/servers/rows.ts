import type { Selectable } from 'kysely';
import { refusal } from '../../../contracts/errors';
import type { ToolAnnotations, ToolDefinition } from '../../../contracts/tools';
import type { McpServer, McpTool } from '../../../prisma/generated/database';
import type { Bound } from '../../define';

export type ServerRow = Selectable<McpServer>;
export type ToolRow = Selectable<McpTool>;

/** Locks the server until the transaction ends. Everything that changes a server or its tools takes this lock first. */
export async function lockServer({ tx }: Bound, serverId: string): Promise<ServerRow> {
  const server = await tx
    .selectFrom('mcp_servers')
    .selectAll()
    .where('server_id', '=', serverId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  if (server === undefined) throw serverNotFound();
  return server;
}

const knownColumns = ['tool_id', 'name', 'definition_state', 'definition_hash'] as const;
export type KnownTool = Pick<ToolRow, (typeof knownColumns)[number]>;

/** All tools that a server ever had, without their definitions: those may be of any number, and 64 KiB each. */
export async function knownTools({ tx }: Bound, serverId: string): Promise<KnownTool[]> {
  return tx.selectFrom('mcp_tools').select(knownColumns).where('server_id', '=', serverId).orderBy('name').execute();
}

/** Those of the named tools that the server has. */
export async function toolsOf({ tx }: Bound, serverId: string, toolIds: readonly string[]): Promise<ToolRow[]> {
  return tx
    .selectFrom('mcp_tools')
    .selectAll()
    .where('server_id', '=', serverId)
    .where('tool_id', 'in', [...toolIds])
    .execute();
}

/** A tool by its id, held to the server that the caller named beside it. */
export async function requireTool({ tx }: Bound, serverId: string, toolId: string): Promise<ToolRow> {
  const tool = await tx.selectFrom('mcp_tools').selectAll().where('tool_id', '=', toolId).executeTakeFirst();
  if (tool === undefined) throw refusal('TOOL_NOT_FOUND', 'there is no such tool; list them with GET …/{id}/tools');
  if (tool.server_id !== serverId) throw refusal('TOOL_SERVER_MISMATCH', 'the tool belongs to another server');
  return tool;
}

export function serverNotFound() {
  return refusal('SERVER_NOT_FOUND', 'there is no such server; list yours with GET /integrations/mcp-servers');
}

/** The definition that calls are held to. */
export function pinnedDefinition(tool: ToolRow): ToolDefinition {
  return {
    name: tool.name,
    ...(tool.title === null ? {} : { title: tool.title }),
    ...(tool.description === null ? {} : { description: tool.description }),
    inputSchema: tool.input_schema as Record<string, unknown>,
    ...(tool.output_schema === null ? {} : { outputSchema: tool.output_schema as Record<string, unknown> }),
    ...(tool.annotations === null ? {} : { annotations: tool.annotations as ToolAnnotations }),
  };
}
