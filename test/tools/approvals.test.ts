import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { createEngine } from '../../client/engine';
import { boxWith } from '../../vault';
import { ApiClient } from '../support/api-client';
import { decideCall, endOfCall, holdCall } from '../support/held-calls';
import { newKey } from '../support/operations';
import { startTestStack, type TestStack } from '../support/stack';
import { untilDiscovered } from '../support/tool-discoveries';
import {
  registerToolServer,
  startToolServer,
  toolDefinitions,
  type RegisteredServer,
  type ToolServer,
} from '../support/tool-server';

let upstream: ToolServer;
let stack: TestStack;
/** Decides, and stands behind nobody who calls. */
let judge: Key;
beforeAll(async () => {
  upstream = await startToolServer();
  stack = await startTestStack({ egressAllow: [upstream.host] });
  await activate({ tool_rules: [{ effect: 'allow' }] });
  judge = await anotherAdmin();
}, 60_000);
afterAll(async () => {
  await stack?.stop();
  await upstream?.close();
});

const developer = () => stack.api('developer');
const admin = () => stack.api();

let made = 0;
async function activate(conditions: object): Promise<void> {
  made += 1;
  const policy = await admin().post('/policies', { name: `p${made}`, enforcement_mode: 'BLOCK', conditions });
  const id = policy.body.data.policy_id as string;
  expect(await admin().post(`/policies/${id}/lifecycle`, { target: 'ACTIVE', reason: 'test' })).toMatchObject({
    status: 200,
  });
}

/** A server whose every call waits, under a name of its own; all lead to the same tools. */
async function aServer(requiresApproval = true): Promise<RegisteredServer & { readonly name: string }> {
  made += 1;
  const name = `server-${made}`;
  const url = `${upstream.url}?${name}`;
  return { name, ...(await registerToolServer(stack, { name, url, requiresApproval })) };
}

type Key = ApiClient & { readonly id: string };

async function aKey(role: string, maker = admin()): Promise<Key> {
  const { body } = await maker.post('/api-keys', { name: `key ${(made += 1)}`, role });
  return Object.assign(new ApiClient(stack.url, body.data.key), { id: body.data.key_id as string });
}

/** The first administrator made the keys that call here; this one was made by somebody else. */
async function anotherAdmin(): Promise<Key> {
  const key = await aKey('admin');
  await stack.owner.query('update api_keys set created_by = $2 where key_id = $1', [key.id, randomUUID()]);
  return key;
}

const sent = (id: string) => upstream.calls.filter(({ input }) => (input as { id?: string }).id === id).length;
/** Arguments that nobody else sends. */
const fresh = () => ({ id: `note-${(made += 1)}` });

async function eventsOf(resourceId: string, type: string) {
  const { rows } = await stack.owner.query(
    `select evidence, policy_snapshot_id from audit_events where resource_id = $1 and event_type = $2 order by ordinal`,
    [resourceId, type],
  );
  return rows;
}

describe('what waits', () => {
  it('is shown with all that a person needs, and with what was said when it is decided', async () => {
    const server = await aServer();
    const call = await holdCall(developer(), server, { input: { id: 'shown', api_key: 'hush' } });
    const { body } = await admin().get('/approvals?status=pending');
    const shown = body.data.items.find((row: { approval_id: string }) => row.approval_id === call.approvalId);
    expect(shown).toMatchObject({
      ...{ invocation_id: call.invocationId, server_name: server.name, tool_name: 'read_note', risk_level: 'low' },
      ...{ status: 'pending', decision: null, votes: [], approvers_needed: 1, call_state: 'pending' },
      input_preview: '{"id":"shown","api_key":"[redacted]"}',
      reason: 'The server asks for approval of every call.',
      requested_by: stack.as('developer').actor.id,
    });
    expect(Date.parse(shown.expires_at) - Date.parse(shown.requested_at)).toBeGreaterThan(23 * 3_600_000);
    expect(await decideCall(judge, call)).toMatchObject({
      status: 200,
      body: { data: { decision: 'approve', approvals: 1, approvers_needed: 1 } },
    });
    expect(await endOfCall(admin(), call)).toMatchObject({ outcome: 'succeeded' });
    expect((await admin().get(`/approvals/${call.approvalId}`)).body.data).toMatchObject({
      ...{ status: 'decided', decision: 'approve', used_at: expect.any(String), call_outcome: 'succeeded' },
      votes: [{ decided_by: judge.id, decision: 'approve', reason: 'looked at it' }],
    });
    expect(await call.again()).toMatchObject({ status: 200, body: { data: { status: 'succeeded' } } });
    expect(sent('shown')).toBe(1);
  });

  it('is listed page by page, and apart from what is decided', async () => {
    const server = await aServer();
    const calls = [await holdCall(developer(), server), await holdCall(developer(), server)];
    await decideCall(judge, calls[0]!, 'deny');
    const ids = async (status: string) => {
      const found: string[] = [];
      let cursor: string | null = null;
      do {
        const after: string = cursor === null ? '' : `&cursor=${cursor}`;
        const { body } = await developer().get(`/approvals?status=${status}&limit=1${after}`);
        found.push(...body.data.items.map((row: { approval_id: string }) => row.approval_id));
        cursor = body.meta.next_cursor;
      } while (cursor !== null);
      return found;
    };
    const [decided, pending] = [await ids('decided'), await ids('pending')];
    expect(decided).toContain(calls[0]?.approvalId);
    expect(pending).toContain(calls[1]?.approvalId);
    expect(decided.filter((id) => pending.includes(id))).toEqual([]);
    expect(new Set([...decided, ...pending]).size).toBe(decided.length + pending.length);
  });
});

describe('who decides', () => {
  it('is not who asks, nor whose key asks, nor who acts for who asks', async () => {
    const server = await aServer();
    const mine = await holdCall(admin(), server);
    const byMyKey = await aKey('admin');
    const keyOfKey = await aKey('admin', byMyKey);
    for (const api of [admin(), byMyKey, keyOfKey]) {
      expect(await decideCall(api, mine)).toMatchObject({ status: 403, body: { error: { reason: 'ACCESS_DENIED' } } });
    }
    const ofMyKey = await holdCall(await aKey('agent'), server);
    expect(await decideCall(admin(), ofMyKey)).toMatchObject({
      status: 403,
      body: { error: { reason: 'ACCESS_DENIED' } },
    });
    const other = await anotherAdmin();
    expect(await decideCall(other, mine, 'deny')).toMatchObject({ status: 200 });
    expect(await decideCall(other, ofMyKey, 'deny')).toMatchObject({ status: 200 });
  });

  it('is two people where a policy says so, neither acting for the other', async () => {
    const server = await aServer();
    await activate({ tool_rules: [{ effect: 'require_approval', servers: [server.name], approvers: 2 }] });
    const input = fresh();
    const call = await holdCall(developer(), server, { input });
    expect(await decideCall(judge, call)).toMatchObject({
      status: 200,
      body: { data: { decision: null, approvals: 1, approvers_needed: 2 } },
    });
    expect(await decideCall(judge, call)).toMatchObject({ status: 409, body: { error: { reason: 'CONFLICT' } } });
    expect(await decideCall(await aKey('admin', judge), call)).toMatchObject({ status: 403 });
    expect(sent(input.id)).toBe(0);
    expect(await decideCall(await anotherAdmin(), call)).toMatchObject({ body: { data: { decision: 'approve' } } });
    expect(await endOfCall(admin(), call)).toMatchObject({
      outcome: 'succeeded',
      approval: { votes: [{ decision: 'approve' }, { decision: 'approve' }] },
    });
    expect(sent(input.id)).toBe(1);
    expect(await eventsOf(call.approvalId, 'tool_approval_voted')).toMatchObject([
      { evidence: { approvals: 1, approvers_needed: 2 } },
      { evidence: { approvals: 2 } },
    ]);
  });

  it.each([1, 2])('of four who approve at once, %i decide', async (approvers) => {
    const server = await aServer();
    await activate({ tool_rules: [{ effect: 'require_approval', servers: [server.name], approvers }] });
    const input = fresh();
    const call = await holdCall(developer(), server, { input });
    const people = await Promise.all(Array.from({ length: 4 }, anotherAdmin));
    const answers = await Promise.all(people.map((api) => decideCall(api, call)));
    const taken = answers.filter(({ status }) => status === 200);
    expect(taken).toHaveLength(approvers);
    expect(taken.filter(({ body }) => body.data.decision === 'approve')).toHaveLength(1);
    const late = answers.filter(({ status }) => status !== 200).map(({ body }) => body.error.reason);
    expect(new Set(late)).toEqual(new Set(['INVALID_STATE']));
    expect(await endOfCall(admin(), call)).toMatchObject({ outcome: 'succeeded' });
    expect(sent(input.id)).toBe(1);
  });

  it('is nobody of another tenant: it sees nothing there', async () => {
    const server = await aServer();
    const call = await holdCall(developer(), server);
    const stranger = stack.api('admin', 1);
    const list = await stranger.get('/approvals');
    expect(list.body.data.items).toEqual([]);
    const base = `/integrations/mcp-servers/${server.serverId}/invocations`;
    const answers = [
      await stranger.get(`/approvals/${call.approvalId}`),
      await decideCall(stranger, call),
      await stranger.get(base),
      await stranger.get(call.path),
      await stranger.post(`${call.path}/withdraw`),
      await stranger.post(`${call.path}/resolve`, { outcome: 'failed', reason: 'test' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
    expect((await admin().get(`/approvals/${call.approvalId}`)).body.data).toMatchObject({ decision: null, votes: [] });
  });
});

describe('a call that waits', () => {
  let server: Awaited<ReturnType<typeof aServer>>;
  beforeEach(async () => {
    server = await aServer();
  });

  async function expectRefused(call: Awaited<ReturnType<typeof holdCall>>, errorCode: string, id: string) {
    const end = await endOfCall(admin(), call);
    expect(end).toMatchObject({ outcome: 'refused', error_code: errorCode, effect: null });
    expect(end.evidence).toMatchObject([{ outcome: 'refused', policy_decision: 'blocked', error_code: errorCode }]);
    expect(await call.again()).toMatchObject({ status: 200, body: { data: { status: 'refused' } } });
    expect(sent(id)).toBe(0);
    return end;
  }

  it('ends as refused when one person denies it', async () => {
    const input = fresh();
    const call = await holdCall(developer(), server, { input });
    await decideCall(judge, call, 'deny');
    await expectRefused(call, 'approval_denied', input.id);
    expect(await decideCall(await anotherAdmin(), call)).toMatchObject({
      status: 409,
      body: { error: { reason: 'INVALID_STATE' } },
    });
  });

  it('cannot be decided when its time is over', async () => {
    const call = await holdCall(developer(), server);
    await stack.owner.query(`update mcp_tool_approvals set expires_at = now() where approval_id = $1`, [
      call.approvalId,
    ]);
    expect(await decideCall(judge, call)).toMatchObject({
      status: 403,
      body: { error: { code: 'tool_blocked', reason: 'approval_expired' } },
    });
  });

  it('ends as refused when nobody decides in time', async () => {
    const input = fresh();
    const invocationId = `inv_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const workflowId = `tool:test:${invocationId}`;
    const context = stack.as('developer');
    // Taken on without the API, so that the test may start the workflow with a shorter wait.
    const { start } = await stack.dispatch(context, 'tools.calls.request', {
      params: {
        ...{ invocationId, workflowId, serverId: server.serverId, toolId: server.tools['read_note'] ?? '' },
        arguments: input,
        sealedArguments: Buffer.from('not read').toString('base64'),
      },
      idempotencyKey: newKey(),
    });
    const engine = createEngine({
      connection: stack.temporal.connection,
      namespace: 'default',
      taskQueue: stack.taskQueue,
    });
    await engine.startToolCall({ workflowId, payload: { ...start!, call: { ...start!.call, waitMs: 1 } } });
    const callPath = `/integrations/mcp-servers/${server.serverId}/invocations/${invocationId}`;
    const end = await endOfCall(admin(), { path: callPath });
    expect(end).toMatchObject({
      ...{ outcome: 'refused', error_code: 'approval_expired', approval: { decision: 'expired', votes: [] } },
      evidence: [{ outcome: 'refused', policy_decision: 'blocked' }],
    });
    expect(await eventsOf(end.approval.approval_id, 'tool_approval_ended')).toMatchObject([
      { evidence: { decision: 'expired' } },
    ]);
    expect(sent(input.id)).toBe(0);
  });

  it('is refused when a policy denies it by then', async () => {
    const input = fresh();
    const call = await holdCall(developer(), server, { input });
    await activate({ tool_rules: [{ effect: 'deny', servers: [server.name] }] });
    await decideCall(judge, call);
    await expectRefused(call, 'POLICY_DENIED', input.id);
  });

  it('is refused when more people have to approve by then', async () => {
    const input = fresh();
    const call = await holdCall(developer(), server, { input });
    await activate({ tool_rules: [{ effect: 'require_approval', servers: [server.name], approvers: 2 }] });
    await decideCall(judge, call);
    await expectRefused(call, 'POLICY_DENIED', input.id);
  });

  it('goes on under other policies that still allow it, and both snapshots are on record', async () => {
    const call = await holdCall(developer(), server);
    await activate({ tool_rules: [{ effect: 'deny', servers: ['elsewhere'] }] });
    await decideCall(judge, call);
    const { outcome, decision } = await endOfCall(admin(), call);
    const snapshots = [decision.policy_snapshot_id, decision.policy_snapshot_at_start];
    expect({ outcome, count: new Set(snapshots).size }).toEqual({ outcome: 'succeeded', count: 2 });
    expect(await eventsOf(call.invocationId, 'tool_invocation_started')).toMatchObject([
      { evidence: { snapshot_at_request: snapshots[0] }, policy_snapshot_id: snapshots[1] },
    ]);
  });

  it('is refused when its caller may not call any more', async () => {
    const input = fresh();
    const agent = await aKey('agent');
    const call = await holdCall(agent, server, { input });
    await admin().delete(`/api-keys/${agent.id}`);
    await decideCall(judge, call);
    const end = await endOfCall(admin(), call);
    expect({ outcome: end.outcome, evidence: end.evidence.length, sent: sent(input.id) }).toEqual({
      ...{ outcome: 'refused', evidence: 1, sent: 0 },
    });
  });

  async function describeAnew(tool: string): Promise<void> {
    const discovery = {
      ...{
        protocol_version: '2025-11-25',
        capabilities: ['tools' as const],
        server_info: { name: 'notes', version: '1' },
        rejected: [],
      },
      ...{ latency_ms: 1, resource_count: 0, prompt_count: 0 },
      tools: toolDefinitions.map((each) =>
        each.name === tool ? { ...each, description: 'does something else' } : each,
      ),
    };
    await stack.dispatch(stack.as('admin'), 'tools.servers.record_discovery', {
      params: { serverId: server.serverId, discovery } as never,
      idempotencyKey: newKey(),
    });
  }

  it('is refused when its tool is described otherwise by then, also when that was approved', async () => {
    const [suspended, approved] = [fresh(), fresh()];
    const calls = [
      await holdCall(developer(), server, { input: suspended }),
      await holdCall(developer(), server, { input: approved }),
    ];
    // Its own look would find the definition that is pinned, and put the tool back to use.
    await untilDiscovered(stack.owner, server.serverId);
    await describeAnew('read_note');
    await decideCall(judge, calls[0]!);
    await expectRefused(calls[0]!, 'tool_definition_changed', suspended.id);
    const { rows } = await stack.owner.query(`select tool_id, seen_hash from mcp_tools where tool_id = $1`, [
      server.tools['read_note'],
    ]);
    await stack.dispatch(stack.as('admin'), 'tools.servers.approve_definitions', {
      params: { serverId: server.serverId, tools: rows, reason: 'test' },
      idempotencyKey: newKey(),
    });
    await decideCall(judge, calls[1]!);
    await expectRefused(calls[1]!, 'tool_definition_changed', approved.id);
  });

  it('ends as killed by a kill of its server, and stays so when the kill is over', async () => {
    const input = fresh();
    const call = await holdCall(developer(), server, { input });
    const kill = { scope: 'server', scope_id: server.serverId, reason: 'drill' };
    expect(await admin().post('/governance/kill-switch', { ...kill, enabled: true })).toMatchObject({ status: 200 });
    expect(await endOfCall(admin(), call)).toMatchObject({ outcome: 'killed', effect: null });
    await admin().post('/governance/kill-switch', { ...kill, enabled: false });
    expect(await decideCall(judge, call)).toMatchObject({ status: 409 });
    expect(await call.again()).toMatchObject({ status: 200, body: { data: { status: 'killed' } } });
    expect(sent(input.id)).toBe(0);
  });

  it('is taken back by who made it, and by nobody else', async () => {
    const input = fresh();
    const call = await holdCall(developer(), server, { input });
    expect(await admin().post(`${call.path}/withdraw`)).toMatchObject({ status: 404 });
    expect(await developer().post(`${call.path}/withdraw`)).toMatchObject({
      status: 200,
      body: { data: { invocation_id: call.invocationId, outcome: 'refused' } },
    });
    const end = await expectRefused(call, 'withdrawn', input.id);
    expect(end.approval).toMatchObject({ decision: 'withdrawn' });
    expect(await developer().post(`${call.path}/withdraw`)).toMatchObject({ status: 409 });
    expect(await decideCall(judge, call)).toMatchObject({ status: 409 });
  });

  it('goes out once on its approval, whatever is written into its row', async () => {
    const input = fresh();
    const call = await holdCall(developer(), server, { input });
    await decideCall(judge, call);
    await endOfCall(admin(), call);
    await stack.owner.query(
      `update mcp_tool_calls set state = 'pending', outcome = null, settled_at = null where invocation_id = $1`,
      [call.invocationId],
    );
    const again = stack.dispatch(stack.as('developer'), 'tools.calls.start', {
      params: {
        ...{ invocationId: call.invocationId, serverId: server.serverId },
        ...{ intentId: randomUUID(), arguments: input },
      },
      idempotencyKey: '',
    });
    await expect(again).rejects.toMatchObject({ code: 'invalid_state', message: 'the approval is used up' });
  });

  it('is refused when other arguments are put into its row', async () => {
    const [input, other] = [fresh(), fresh()];
    const call = await holdCall(developer(), server, { input });
    const tenantId = stack.as('developer').tenantId;
    const box = boxWith(path.join(stack.folder, 'master.key'));
    const sealed = await box.seal(tenantId, call.invocationId, Buffer.from(JSON.stringify(other)));
    await stack.owner.query(`update mcp_tool_calls set input = $2 where invocation_id = $1`, [
      call.invocationId,
      sealed,
    ]);
    await decideCall(judge, call);
    await expectRefused(call, 'INVALID_STATE', input.id);
    expect(sent(other.id)).toBe(0);
  });

  it('is not sent when the arguments in its row cannot be opened', async () => {
    const calls = [fresh(), fresh()].map((input) => ({ input, held: holdCall(developer(), server, { input }) }));
    const [call, other] = await Promise.all(calls.map(({ held }) => held));
    await stack.owner.query(
      `update mcp_tool_calls set input = (select input from mcp_tool_calls where invocation_id = $2)
        where invocation_id = $1`,
      [call?.invocationId, other?.invocationId],
    );
    await decideCall(judge, call!);
    expect(await endOfCall(admin(), call!)).toMatchObject({ outcome: 'failed', effect: null });
    expect(calls.map(({ input }) => sent(input.id))).toEqual([0, 0]);
  });
});
