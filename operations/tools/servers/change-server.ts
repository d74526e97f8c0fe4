import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { ServerChange, ServerId } from '../../../contracts/tool-schemas';
import { isWatched, type ServerStatus } from '../../../contracts/tools';
import { defineOperation, type Bound } from '../../define';
import { beginDiscovery, endWatch } from './discoveries';
import { requireCredential } from './require-credential';
import { lockServer, type ServerRow } from './rows';

/** Changes what an administrator may set of a server. `suspended` and `enabled` are left by an explicit act only. */
export const changeServer = defineOperation({
  name: 'tools.servers.change',
  permission: 'manage:integrations',
  params: z.strictObject({ serverId: ServerId, change: ServerChange }),
  fence: 'fenced',
  capability: 'tools.registry',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId }) {
    return { server: await lockServer(work, serverId) };
  },

  async handle(work, { params: { serverId, change }, facts: { server } }) {
    if (change.credential_id !== undefined) await requireCredential(work, server.auth_type, change.credential_id);
    if (typeof change.default_policy_id === 'string') await requirePolicy(work, change.default_policy_id);
    const { tags, suspended: _, ...columns } = change;
    const status = statusAfter(server, change);
    await work.tx
      .updateTable('mcp_servers')
      .set({
        ...columns,
        ...(tags === undefined ? {} : { tags: sql`${JSON.stringify(tags)}::jsonb` }),
        status,
        updated_at: new Date(),
      })
      .where('server_id', '=', serverId)
      .execute();
    const discoveryId = status === 'pending' && server.status !== status ? await beginDiscovery(work, server) : null;
    if (!isWatched(status)) endWatch(work, serverId);
    const auditEventId = work.audit({
      type: 'server_changed',
      outcome: 'success',
      resource: { type: 'mcp_server', id: serverId },
      evidence: {
        server_id: serverId,
        changed: Object.keys(change).sort(),
        from_status: server.status,
        to_status: status,
      },
    });
    return { serverId, discoveryId, auditEventId };
  },
});

// Back from a suspension a server has to show itself first: it is pending until it was looked at.
function statusAfter({ status }: ServerRow, { suspended, enabled }: ServerChange): ServerStatus {
  if (enabled === false) return 'disabled';
  if (suspended === true) return 'suspended';
  if (enabled === true && status === 'disabled') return 'pending';
  if (suspended === false && status === 'suspended') return 'pending';
  return status as ServerStatus;
}

export async function requirePolicy({ tx }: Bound, policyId: string): Promise<void> {
  const policy = await tx.selectFrom('policies').select('status').where('policy_id', '=', policyId).executeTakeFirst();
  if (policy === undefined || policy.status === 'RETIRED') {
    throw refusal('NOT_FOUND', 'there is no such policy in force', { details: { field: 'policy_id' } });
  }
}
