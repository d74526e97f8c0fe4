import { randomUUID } from 'node:crypto';
import { ApiClient } from './api-client';
import { startTestStack, type TestStack } from './stack';
import { registerToolServer, startToolServer, type RegisteredServer, type ToolServer } from './tool-server';

export type Key = ApiClient & { readonly id: string };

export interface ApprovalsStack {
  readonly stack: TestStack;
  readonly upstream: ToolServer;
  /** Decides, and stands behind nobody who calls. */
  readonly judge: Key;
  developer(): ApiClient;
  admin(): ApiClient;
  activate(conditions: object): Promise<void>;
  /** A server whose every call waits, under a name of its own; all lead to the same tools. */
  aServer(requiresApproval?: boolean): Promise<RegisteredServer & { readonly name: string }>;
  aKey(role: string, maker?: ApiClient): Promise<Key>;
  /** The first administrator made the keys that call here; this one was made by somebody else. */
  anotherAdmin(): Promise<Key>;
  /** How often a call with these arguments reached the server. */
  sent(id: string): number;
  /** Arguments that nobody else sends. */
  fresh(): { readonly id: string };
  eventsOf(resourceId: string, type: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/** A stack with a tool server behind it, of which every call is allowed once somebody has approved it. */
export async function startApprovalsStack(): Promise<ApprovalsStack> {
  const upstream = await startToolServer();
  const stack = await startTestStack({ egressAllow: [upstream.host] });
  let made = 0;
  const admin = () => stack.api();

  async function activate(conditions: object): Promise<void> {
    made += 1;
    const policy = await admin().post('/policies', { name: `p${made}`, enforcement_mode: 'BLOCK', conditions });
    const id = policy.body.data.policy_id as string;
    const moved = await admin().post(`/policies/${id}/lifecycle`, { target: 'ACTIVE', reason: 'test' });
    expect(moved).toMatchObject({ status: 200 });
  }

  async function aKey(role: string, maker = admin()): Promise<Key> {
    const { body } = await maker.post('/api-keys', { name: `key ${(made += 1)}`, role });
    return Object.assign(new ApiClient(stack.url, body.data.key), { id: body.data.key_id as string });
  }

  async function anotherAdmin(): Promise<Key> {
    const key = await aKey('admin');
    await stack.owner.query('update api_keys set created_by = $2 where key_id = $1', [key.id, randomUUID()]);
    return key;
  }

  await activate({ tool_rules: [{ effect: 'allow' }] });
  const judge = await anotherAdmin();
  return {
    ...{ stack, upstream, judge, admin, activate, aKey, anotherAdmin },
    developer: () => stack.api('developer'),
    async aServer(requiresApproval = true) {
      made += 1;
      const name = `server-${made}`;
      const url = `${upstream.url}?${name}`;
      return { name, ...(await registerToolServer(stack, { name, url, requiresApproval })) };
    },
    sent: (id) => upstream.calls.filter(({ input }) => (input as { id?: string }).id === id).length,
    fresh: () => ({ id: `note-${(made += 1)}` }),
    async eventsOf(resourceId, type) {
      const { rows } = await stack.owner.query(
        `select evidence, policy_snapshot_id from audit_events where resource_id = $1 and event_type = $2 order by ordinal`,
        [resourceId, type],
      );
      return rows;
    },
    async stop() {
      await stack.stop();
      await upstream.close();
    },
  };
}
