import { z } from 'zod';
import { ServerId } from '../../../contracts/tool-schemas';
import { defineOperation } from '../../define';
import { endWatch } from './discoveries';
import { lockServer } from './rows';

/** Takes a server out of use for good. Its rows stay for the evidence; its name and URL are free again. */
export const unregisterServer = defineOperation({
  name: 'tools.servers.unregister',
  permission: 'manage:integrations',
  params: z.strictObject({ serverId: ServerId }),
  fence: 'fenced',
  capability: 'tools.registry',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId }) {
    return { server: await lockServer(work, serverId) };
  },

  async handle(work, { params: { serverId }, facts: { server } }) {
    await work.tx
      .updateTable('mcp_servers')
      .set({ status: 'disabled', enabled: false, deleted_at: new Date(), updated_at: new Date() })
      .where('server_id', '=', serverId)
      .execute();
    endWatch(work, serverId);
    const auditEventId = work.audit({
      type: 'server_unregistered',
      outcome: 'success',
      resource: { type: 'mcp_server', id: serverId },
      evidence: { server_id: serverId, name: server.name },
    });
    return { serverId, auditEventId };
  },
});
