import { sql } from 'kysely';
import type { Capability } from '../../contracts/capabilities';
import type { WatchServerMessage } from '../../contracts/outbox';
import { lookIntervals } from '../../contracts/tools';
import { serverWorkflowId } from '../../contracts/workflow-ids';
import { systemContext } from '../system-context';
import type { Database } from '../transaction/database';

const capability: Capability = 'tools.registry';

interface AbandonedRow {
  readonly server_id: string;
  readonly tenant_id: string;
  readonly name: string;
}

/**
 * Starts the workflow of every server in use that nobody has looked at for long: after a kill that is over, a terminated
 * workflow or a lost engine. Where it runs, nothing happens. Returns the servers. `db` is of the system role.
 */
export async function watchAbandonedServers(
  db: Database,
  port: { deliver(message: WatchServerMessage): Promise<void> },
): Promise<readonly string[]> {
  const { rows } = await sql<AbandonedRow>`
    select s.server_id, s.tenant_id, s.name from mcp_servers s join tenants t on t.tenant_id = s.tenant_id
    where s.deleted_at is null and s.enabled and s.status <> 'suspended' and t.status = 'active'
      and coalesce(s.last_health_check_at, s.registered_at) < now() - ${lookIntervals.abandonedMs} * interval '1 millisecond'
      and not exists (select from runtime_switches r
        where r.enabled and r.kind = 'kill' and (r.tenant_id is null or r.tenant_id = s.tenant_id)
          and (r.scope_type = 'global' or (r.scope_type = 'tenant' and r.scope_id = s.tenant_id)
            or (r.scope_type = 'server' and r.scope_id = s.server_id)
            or (r.scope_type = 'capability' and r.scope_id = ${capability})))
    order by s.last_health_check_at limit 1000`.execute(db);
  const faults: unknown[] = [];
  for (const { server_id: serverId, tenant_id: tenantId, name: serverName } of rows) {
    const workflowId = serverWorkflowId(tenantId, serverId);
    const requester = systemContext(tenantId, 'tool-server');
    const payload = { serverId, serverName, discoveryId: null, requester };
    // One that cannot be started must not keep the others waiting.
    await port.deliver({ topic: 'server.watch', workflowId, payload }).catch((error: unknown) => faults.push(error));
  }
  if (faults.length > 0) throw new AggregateError(faults, `${faults.length} tool servers are watched by nobody`);
  return rows.map(({ server_id: id }) => id);
}
