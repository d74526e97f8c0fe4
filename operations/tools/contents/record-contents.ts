import { sql } from 'kysely';
import type { ServerContent } from '../../../contracts/server-contents';
import type { Bound } from '../../define';

/** Keeps what the last look at a server found, and nothing that it did not find. */
export async function recordContents(
  { tx, context }: Bound,
  serverId: string,
  contents: readonly ServerContent[],
): Promise<void> {
  const found = JSON.stringify(contents);
  await sql`
    delete from mcp_server_contents c where c.server_id = ${serverId} and not exists (
      select from jsonb_to_recordset(${found}::jsonb) as f(kind text, name text)
      where f.kind = c.kind and f.name = c.name)`.execute(tx);
  await sql`
    insert into mcp_server_contents as c (server_id, kind, name, tenant_id, definition)
    select ${serverId}, f.kind, f.name, ${context.tenantId}, f.definition
    from jsonb_to_recordset(${found}::jsonb) as f(kind text, name text, definition jsonb)
    on conflict (server_id, kind, name) do update set definition = excluded.definition, seen_at = now()
    where c.definition is distinct from excluded.definition`.execute(tx);
}
