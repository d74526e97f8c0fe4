import { z } from 'zod';
import { ServerId } from '../../../contracts/tool-schemas';
import type { ServerStatus } from '../../../contracts/tools';
import { text } from '../../../contracts/text';
import { defineOperation } from '../../define';
import { looked } from './health';
import { lockServer } from './rows';

/** One look at a server: it answered within the time-out, or why not. */
export const HealthLook = z.discriminatedUnion('healthy', [
  z.strictObject({ healthy: z.literal(true), latencyMs: z.int().min(0) }),
  z.strictObject({ healthy: z.literal(false), error: text(1000) }),
]);
export type HealthLook = z.infer<typeof HealthLook>;

/** Records a look at the health of a server. */
export const recordHealth = defineOperation({
  name: 'tools.servers.record_health',
  permission: 'write:integrations',
  params: z.strictObject({ serverId: ServerId, look: HealthLook }),
  fence: 'fenced',
  capability: 'tools.registry',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId }) {
    return { server: await lockServer(work, serverId) };
  },

  async handle(work, { params: { serverId, look }, facts: { server } }) {
    const from = server.status as ServerStatus;
    const { status, failures } = looked(server, look);
    await work.tx
      .updateTable('mcp_servers')
      .set({
        status,
        health_check_failures: failures,
        last_health_check_at: new Date(),
        ...(look.healthy ? { health_latency_ms: look.latencyMs, last_error: null } : { last_error: look.error }),
        updated_at: new Date(),
      })
      .where('server_id', '=', serverId)
      .execute();
    work.audit({
      type: status === from ? 'server_health_checked' : 'server_health_changed',
      outcome: look.healthy ? 'success' : 'failure',
      resource: { type: 'mcp_server', id: serverId },
      evidence: { server_id: serverId, from_status: from, to_status: status, failures },
    });
    return { status, failures };
  },
});
