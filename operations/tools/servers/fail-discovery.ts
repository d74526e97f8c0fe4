import { z } from 'zod';
import { DiscoveryId, ServerId } from '../../../contracts/tool-schemas';
import { isWatched, type ServerStatus } from '../../../contracts/tools';
import { text } from '../../../contracts/text';
import { defineOperation, type Bound, type Work } from '../../define';
import { endDiscovery } from './discoveries';
import { looked } from './health';
import { serverNotFound, type ServerRow } from './rows';

const FailedDiscovery = z.strictObject({
  serverId: ServerId,
  /** Null when the engine tried by itself. */
  discoveryId: DiscoveryId.nullable(),
  code: text(64),
  message: text(1000),
});
type FailedDiscovery = z.infer<typeof FailedDiscovery>;

/** Records what a discovery failed with; for the health of the server it counts as a look that failed. */
export const failDiscovery = defineOperation({
  name: 'tools.servers.fail_discovery',
  permission: 'system:execute',
  params: FailedDiscovery,
  fence: 'fenced',
  capability: 'tools.registry',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId }) {
    return { server: await lockAnyServer(work, serverId) };
  },

  async handle(work, { params, facts: { server } }) {
    const from = server.status as ServerStatus;
    const next = looked(server, { healthy: false });
    const isInUse = server.deleted_at === null && isWatched(from);
    if (isInUse) {
      await work.tx
        .updateTable('mcp_servers')
        .set({
          status: next.status,
          health_check_failures: next.failures,
          last_error: params.message,
          last_health_check_at: new Date(),
          updated_at: new Date(),
        })
        .where('server_id', '=', server.server_id)
        .execute();
    }
    const status = isInUse ? next.status : from;
    await recordEnd(work, { ...params, state: 'failed', from, to: status });
    return { status, isWatched: isInUse };
  },
});

/** Records that a switch or a signal stopped the work before the discovery had ended. */
export const recordStoppedDiscovery = defineOperation({
  name: 'tools.servers.record_stopped_discovery',
  permission: 'system:execute',
  params: FailedDiscovery,
  fence: 'recording-a-kill',

  async loadFacts(work, { serverId }) {
    return { server: await lockAnyServer(work, serverId) };
  },

  async handle(work, { params, facts: { server } }) {
    return { ended: await recordEnd(work, { ...params, state: 'killed', from: server.status, to: server.status }) };
  },
});

interface RecordedEnd extends FailedDiscovery {
  readonly state: 'failed' | 'killed';
  readonly from: string;
  readonly to: string;
}

async function recordEnd(work: Work, { serverId, discoveryId, state, code, message, from, to }: RecordedEnd) {
  const isOpen = discoveryId === null || (await endDiscovery(work, discoveryId, { state, code, message }));
  const outcome = state === 'killed' ? 'killed' : 'failure';
  work.audit({
    type: 'server_discovery_failed',
    outcome: isOpen ? outcome : 'skipped',
    resource: { type: 'mcp_server', id: serverId },
    evidence: { server_id: serverId, discovery_id: discoveryId, from_status: from, to_status: to, message },
    error: { code, message },
  });
  return isOpen;
}

// Its server may have been unregistered meanwhile; the discovery ends all the same.
async function lockAnyServer({ tx }: Bound, serverId: string): Promise<ServerRow> {
  const server = await tx
    .selectFrom('mcp_servers')
    .selectAll()
    .where('server_id', '=', serverId)
    .forUpdate()
    .executeTakeFirst();
  if (server === undefined) throw serverNotFound();
  return server;
}
