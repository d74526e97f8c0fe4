import type { Database } from '../../transaction/database';
import { readAsTenant } from '../../transaction/read';

export type ServerReads = ReturnType<typeof createServerReads>;

/** What a look at a server needs to know to begin. */
export function createServerReads(db: Database) {
  return {
    /** Undefined when the tenant has no such server, or is not active: then nobody may ask the server anything. */
    findServer: (tenantId: string, serverId: string) =>
      readAsTenant(db, tenantId, (tx) =>
        tx
          .selectFrom('mcp_servers')
          .innerJoin('tenants', 'tenants.tenant_id', 'mcp_servers.tenant_id')
          .select([
            ...(['server_id', 'mcp_servers.name', 'url', 'transport', 'auth_type', 'credential_id'] as const),
            ...(['mcp_servers.status', 'health_check_failures', 'last_health_check_at'] as const),
          ])
          .where('server_id', '=', serverId)
          .where('mcp_servers.deleted_at', 'is', null)
          .where('tenants.status', '=', 'active')
          .executeTakeFirst(),
      ),
  };
}
