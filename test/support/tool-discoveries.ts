import type { Client } from 'pg';
import { until } from './until';

/** The engine has looked at a server that was registered, and will not do so again by itself for some time. */
export async function untilDiscovered(owner: Client, serverId: string): Promise<void> {
  await until(
    async () => {
      const { rows } = await owner.query('select state from mcp_discoveries where server_id = $1', [serverId]);
      return rows.length > 0 && rows.every(({ state }) => state !== 'pending');
    },
    { what: 'the discovery of the server' },
  );
}
