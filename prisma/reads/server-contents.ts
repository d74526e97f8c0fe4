import type { ContentKind } from '../../contracts/server-contents';
import { callableStatuses } from '../../contracts/tools';
import type { PrismaClient } from '../client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

export interface ContentRow {
  readonly serverName: string;
  /** As its own server names it. */
  readonly name: string;
  readonly definition: unknown;
  /** By which rows are ordered: server and name, in the order of their bytes. */
  readonly place: string;
}

/** What could be read now: on servers that are sent calls, and that want nobody's approval for each. */
export function listContents(
  prisma: PrismaClient,
  tenantId: string,
  { kind, server, limit, after }: { kind: ContentKind; server: string | undefined } & PageRequest<string>,
): Promise<PageOf<ContentRow, string>> {
  const only = server ?? null;
  const seen = after ?? null;
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.$queryRaw<ContentRow[]>`
      select * from (
        select s.name::text as "serverName", c.name::text as name, c.definition, s.name || '/' || c.name as place
        from mcp_server_contents c join mcp_servers s on s.server_id = c.server_id
        where c.kind = ${kind} and s.deleted_at is null and s.enabled and s.status = any(${[...callableStatuses]})
          and not s.requires_approval and (${only}::text is null or s.name = ${only}::text)
      ) listed
      where ${seen}::text is null or place collate "C" > ${seen}::text
      order by place collate "C" limit ${limit + 1}`;
    return pageOf(found, limit, ({ place }) => place);
  });
}
