import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { ServerId } from '../../../contracts/tool-schemas';
import { isWatched } from '../../../contracts/tools';
import { defineOperation } from '../../define';
import { beginDiscovery } from './discoveries';
import { lockServer } from './rows';

/** Asks for a new look at what a server offers; what it shows for the first time is pinned to whoever asks. */
export const requestDiscovery = defineOperation({
  name: 'tools.servers.request_discovery',
  permission: 'manage:integrations',
  params: z.strictObject({ serverId: ServerId }),
  fence: 'fenced',
  capability: 'tools.registry',
  begins: 'work',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId }) {
    return { server: await lockServer(work, serverId) };
  },

  async handle(work, { params: { serverId }, facts: { server } }) {
    if (!isWatched(server.status)) {
      throw refusal('SERVER_NOT_ACTIVE', `the server is ${server.status}; put it to use again with PUT …/{id}`);
    }
    const discoveryId = await beginDiscovery(work, server);
    const auditEventId = work.audit({
      type: 'server_discovery_requested',
      outcome: 'success',
      resource: { type: 'mcp_server', id: serverId },
      evidence: { server_id: serverId, discovery_id: discoveryId },
    });
    return { serverId, discoveryId, auditEventId };
  },
});
