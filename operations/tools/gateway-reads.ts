import { sql } from 'kysely';
import { callableStatuses } from '../../contracts/tools';
import { pageOf, type PageOf, type PageRequest } from '../../prisma/reads/page';
import type { Database } from '../transaction/database';
import { rowsAsTenant } from '../transaction/read';

/** A tool of a server, or a plane that can be asked, as the gateway names it. */
export interface OfferedRow {
  readonly name: string;
  /** Null for a plane. */
  readonly serverName: string | null;
  readonly toolName: string | null;
  /** Null for a tool. */
  readonly planeId: string | null;
  readonly title: string | null;
  readonly description: string | null;
  readonly inputSchema: unknown;
  readonly outputSchema: unknown;
  readonly annotations: unknown;
  readonly requiredPermissions: readonly string[];
}

export interface OfferFilter {
  /** Of this server only, by the tools' own names; undefined for those of all. */
  readonly server: string | undefined;
  readonly withPlanes: boolean;
}

export interface NamedToolRow {
  readonly serverId: string;
  readonly toolId: string;
  readonly inputSchema: unknown;
  readonly outputSchema: unknown;
}

/** What agents ask for most at the gateway, each in one round trip. */
export interface GatewayReads {
  /** What could be called now, in the order of its bytes: enabled, as pinned, on servers that are sent calls. */
  listOffered(tenantId: string, filter: OfferFilter & PageRequest<string>): Promise<PageOf<OfferedRow, string>>;
  /** Whatever its state: why it cannot be called is for the decision to say. */
  findNamedTool(
    tenantId: string,
    name: { readonly server: string; readonly tool: string },
  ): Promise<NamedToolRow | undefined>;
}

export function createGatewayReads(db: Database): GatewayReads {
  return {
    // Servers first, then each one's tools by its index: without statistics the planner would look all servers up for each tool.
    async listOffered(tenantId, { server, withPlanes, limit, after }) {
      const only = server ?? null;
      const seen = after ?? null;
      const found = await rowsAsTenant(
        db,
        tenantId,
        sql<OfferedRow>`
          with reachable as materialized (
            select s.server_id, s.name::text as name from mcp_servers s
            where s.deleted_at is null and s.enabled and s.status = any(${[...callableStatuses]})
              and (${only}::text is null or s.name = ${only}::text)
          )
          select * from (
            select case when ${only}::text is null then s.name || '__' || t.name else t.name::text end as name,
              s.name as "serverName", t.name::text as "toolName", null::text as "planeId", t.title, t.description,
              t.input_schema as "inputSchema", t.output_schema as "outputSchema", t.annotations,
              t.required_permissions as "requiredPermissions"
            from reachable s cross join lateral (
              select * from mcp_tools t where t.server_id = s.server_id and t.enabled and t.definition_state = 'pinned' offset 0
            ) t
            union all
            select 'ask_' || p.plane_id, null, null, p.plane_id::text, p.name::text, p.description,
              null::jsonb, null::jsonb, null::jsonb, '[]'::jsonb
            from knowledge_planes p where ${withPlanes}::boolean and p.status = 'active'
          ) offered
          where ${seen}::text is null or name collate "C" > ${seen}::text
          order by name collate "C" limit ${limit + 1}`,
      );
      return pageOf(found, limit, ({ name }) => name);
    },
    async findNamedTool(tenantId, { server, tool }) {
      const [row] = await rowsAsTenant(
        db,
        tenantId,
        sql<NamedToolRow>`
          select t.server_id as "serverId", t.tool_id as "toolId", t.input_schema as "inputSchema",
            t.output_schema as "outputSchema"
          from mcp_servers s join mcp_tools t on t.server_id = s.server_id
          where s.name = ${server} and s.deleted_at is null and t.name = ${tool}`,
      );
      return row;
    },
  };
}
