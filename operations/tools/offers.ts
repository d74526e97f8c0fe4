import { sql } from 'kysely';
import { callableStatuses } from '../../contracts/tools';
import type { Database } from '../transaction/database';
import { rowsAsTenant } from '../transaction/read';

/** One thing that agents are offered, or all of a server's in one list: who may have it, and a digest of what it is. */
export interface OfferLine {
  readonly list: AgentList;
  /** Null for a plane. */
  readonly serverName: string | null;
  /** Null for what is no tool. */
  readonly toolName: string | null;
  readonly requiredPermissions: readonly string[];
  readonly digest: string;
}

/** Of each an agent can be told that it has changed. */
export const agentLists = ['tools', 'prompts', 'resources'] as const;
export type AgentList = (typeof agentLists)[number];

export interface OfferReads {
  /** Another one whenever what is offered may be another; cheap enough to be asked for all the time. */
  readMark(tenantId: string, server: string | undefined): Promise<string>;
  /** What the gateway lists at one address, whoever may have it, in one order. */
  readOffers(tenantId: string, server: string | undefined): Promise<readonly OfferLine[]>;
}

export function createOfferReads(db: Database): OfferReads {
  return {
    async readMark(tenantId, server) {
      // Resources and prompts change with a discovery only.
      const [row] = await rowsAsTenant(
        db,
        tenantId,
        sql<{ mark: string }>`
          with ${reachable(server)}
          select md5(coalesce(string_agg(line, ' ' order by line collate "C"), '')) as mark from (
            select row(s.*)::text as line from reachable s
            union all select row(t.*)::text from (${tools}) t
            union all select row(p.*)::text from (${planes(server)}) p
          ) offered`,
      );
      return row?.mark ?? '';
    },
    readOffers: (tenantId, server) =>
      rowsAsTenant(
        db,
        tenantId,
        sql<OfferLine>`
          with ${reachable(server)}
          select list, server_name as "serverName", tool_name as "toolName",
            required_permissions as "requiredPermissions", digest
          from (${tools} union all ${planes(server)} union all ${contents}) offered
          order by list, server_name collate "C", tool_name collate "C", digest`,
      ),
  };
}

function reachable(server: string | undefined) {
  const only = server ?? null;
  return sql`reachable as materialized (
    select s.server_id, s.name::text as name, s.requires_approval, s.last_discovery_at from mcp_servers s
    where s.deleted_at is null and s.enabled and s.status = any(${[...callableStatuses]})
      and (${only}::text is null or s.name = ${only}::text)
  )`;
}

// Each server's by its index, as the gateway lists them.
const tools = sql`
  select 'tools' as list, s.name as server_name, t.name::text as tool_name, t.required_permissions,
    md5(row(t.tool_id, t.definition_hash)::text) as digest
  from reachable s cross join lateral (
    select * from mcp_tools t where t.server_id = s.server_id and t.enabled and t.definition_state = 'pinned' offset 0
  ) t`;

const planes = (server: string | undefined) => sql`
  select 'tools', null, null, '[]'::jsonb, md5(row(p.plane_id, p.name, p.description)::text)
  from knowledge_planes p where ${server === undefined}::boolean and p.status = 'active'`;

// A content is seen anew when its definition has changed.
const contents = sql`
  select case c.kind when 'prompt' then 'prompts' else 'resources' end, s.name, null, '[]'::jsonb,
    md5(string_agg(row(c.kind, c.name, c.seen_at)::text, ' ' order by c.kind, c.name collate "C"))
  from reachable s join mcp_server_contents c on c.server_id = s.server_id
  where not s.requires_approval group by 1, 2`;
