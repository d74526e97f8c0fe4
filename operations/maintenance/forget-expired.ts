import { sql } from 'kysely';
import { callLimits } from '../../contracts/tool-calls';
import { toolLimits } from '../../contracts/tools';
import type { Database } from '../transaction/database';

const rowsMax = 5_000;
const deliveredKeptDays = 7;

/**
 * Removes idempotency records whose retention is over, outbox rows that were delivered long ago, looks at servers that
 * later ones have followed and the arguments of calls that ended long ago, some thousands at a time. Evidence is never among them. `db` is of the system role.
 */
export async function forgetExpired(db: Database): Promise<void> {
  await sql`delete from idempotency_records where ctid = any (array(
    select ctid from idempotency_records where retain_until < now() limit ${rowsMax}))`.execute(db);
  await sql`delete from event_outbox where id in (
    select id from event_outbox where published_at < now() - ${deliveredKeptDays} * interval '1 day'
    limit ${rowsMax})`.execute(db);
  await sql`delete from mcp_discoveries where discovery_id = any (array(
    select discovery_id from mcp_discoveries d
    where ended_at < now() - ${toolLimits.discoveriesKeptDays} * interval '1 day'
      and exists (select from mcp_discoveries later
        where later.tenant_id = d.tenant_id and later.server_id = d.server_id and later.requested_at > d.requested_at)
    limit ${rowsMax}))`.execute(db);
  await sql`update mcp_tool_calls set input = null where invocation_id = any (array(
    select invocation_id from mcp_tool_calls
    where input is not null and settled_at < now() - ${callLimits.keptDays} * interval '1 day'
    order by settled_at limit ${rowsMax}))`.execute(db);
}
