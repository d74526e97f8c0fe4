import { freezeContext, type ExecutionContext } from '../../contracts/execution-context';
import { richResult } from '../unit/mcp-upstream/fixture-servers';
import { invoke as invokeAs } from '../support/held-calls';
import { newKey } from '../support/operations';
import { rawCall } from '../support/raw-call';
import { startTestStack, type TestStack } from '../support/stack';
import { registerToolServer, startToolServer, type RegisteredServer, type ToolServer } from '../support/tool-server';
import { until } from '../support/until';

let server: ToolServer;
let stack: TestStack;
let notes: RegisteredServer;
beforeAll(async () => {
  server = await startToolServer();
  stack = await startTestStack({ egressAllow: [server.host] });
  notes = await registerToolServer(stack, { name: 'notes', url: server.url });
  await activate({ tool_rules: [{ effect: 'allow', servers: ['notes'] }] });
});
afterAll(async () => {
  await stack?.stop();
  await server?.close();
});

let policies = 0;
async function activate(conditions: object): Promise<string> {
  policies += 1;
  const api = stack.api();
  const made = await api.post('/policies', { name: `p${policies}`, enforcement_mode: 'BLOCK', conditions });
  expect(made.status).toBe(201);
  const policyId = made.body.data.policy_id as string;
  expect(await api.post(`/policies/${policyId}/lifecycle`, { target: 'ACTIVE', reason: 'test' })).toMatchObject({
    status: 200,
  });
  return policyId;
}

const invoke = (tool: string, input: object, key = newKey(), role: 'admin' | 'developer' | 'viewer' = 'developer') =>
  invokeAs(stack.api(role), notes, { tool, input, key });

async function invocationsOf(invocationId: string) {
  const { rows } = await stack.owner.query(
    `select outcome, first, policy_decision, error_code, output_hash, input_preview from mcp_tool_invocations
      where invocation_id = $1 order by id`,
    [invocationId],
  );
  return rows;
}

async function effectsOf(invocationId: string) {
  const { rows } = await stack.owner.query(
    `select i.phase, o.outcome, o.first from effect_intents i left join effect_outcomes o using (intent_id)
      where i.subject = $1 order by o.id`,
    [`tool:${invocationId}`],
  );
  return rows;
}

async function eventsOf(invocationId: string): Promise<string[]> {
  const { rows } = await stack.owner.query(
    `select event_type from audit_events where resource_id = $1 order by ordinal`,
    [invocationId],
  );
  return rows.map(({ event_type: type }) => type);
}

const callsOf = (tool: string) => server.calls.filter((call) => call.tool === tool).length;

it('calls a tool once, and leaves a decision, an intent, an outcome and the four events of it', async () => {
  const { status, body } = await invoke('read_note', { id: 'a', api_key: 'very secret' });
  expect({ status, data: body.data }).toMatchObject({
    status: 200,
    data: { status: 'succeeded', output: { content: [{ type: 'text', text: 'note a' }] }, policy_decision: 'allowed' },
  });
  const id = body.data.invocation_id as string;
  expect(await invocationsOf(id)).toMatchObject([
    {
      outcome: 'succeeded',
      first: true,
      policy_decision: 'allowed',
      input_preview: '{"id":"a","api_key":"[redacted]"}',
    },
  ]);
  expect(await effectsOf(id)).toEqual([{ phase: 'upstream', outcome: 'succeeded', first: true }]);
  expect(await eventsOf(id)).toEqual([
    ...['tool_invocation_requested', 'tool_invocation_allowed', 'tool_invocation_started', 'tool_invocation_completed'],
  ]);
});

it('answers a repeated key with the stored result, and calls nothing', async () => {
  const key = newKey();
  const first = await invoke('read_note', { id: 'again' }, key);
  const before = server.calls.length;
  const second = await invoke('read_note', { id: 'again' }, key);
  expect(second).toMatchObject({ status: 200, body: { data: first.body.data } });
  expect(server.calls).toHaveLength(before);
  expect(await invoke('read_note', { id: 'other' }, key)).toMatchObject({
    status: 409,
    body: { error: { reason: 'key_reused' } },
  });
});

it('makes one call of a hundred that come at once under one key, which take one token of its tool', async () => {
  const key = newKey();
  const limit = (perMinute: number) =>
    stack.owner.query(`update mcp_tools set max_calls_per_minute = $1 where name = 'write_note'`, [perMinute]);
  await stack.owner.query(`delete from rate_limit_buckets where subject_type = 'tool'`);
  await limit(2);
  const before = callsOf('write_note');
  const answers = await Promise.all(Array.from({ length: 100 }, () => invoke('write_note', { text: 'one' }, key)));
  const ids = new Set(answers.map(({ body }) => body.data?.invocation_id));
  expect(answers.map(({ status }) => status).every((status) => status === 200 || status === 202)).toBe(true);
  expect(ids.size).toBe(1);
  expect(callsOf('write_note')).toBe(before + 1);
  expect(await invoke('write_note', { text: 'the second token' }, newKey())).toMatchObject({ status: 200 });
  await limit(60);
});

it('takes equal arguments of two callers for two calls', async () => {
  const key = newKey();
  const [one, other] = await Promise.all([
    invoke('read_note', { id: 'same' }, key, 'developer'),
    invoke('read_note', { id: 'same' }, key, 'admin'),
  ]);
  expect(one.body.data.invocation_id).not.toBe(other.body.data.invocation_id);
});

it('keeps every kind of content as it came, also where it is large', async () => {
  const { body } = await invoke('get_rich', {});
  expect(body.data.output).toMatchObject(richResult);
  const large = await invoke('get_large', {});
  expect(large.body.data.output.content[0].text).toHaveLength(200_000);
  const { rows } = await stack.owner.query(`select output, output_ref from mcp_tool_calls where invocation_id = $1`, [
    large.body.data.invocation_id,
  ]);
  expect(rows).toEqual([{ output: null, output_ref: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
});

it('takes an answer that says it failed for an outcome', async () => {
  const before = callsOf('get_error');
  const { status, body } = await invoke('get_error', {});
  expect({ status, data: body.data }).toMatchObject({
    status: 200,
    data: { status: 'failed', error_code: 'tool_error', output: { isError: true } },
  });
  expect(callsOf('get_error')).toBe(before + 1);
});

it('refuses a number that no double can hold', async () => {
  const path = `/integrations/mcp-servers/${notes.serverId}/tools/${notes.tools.get_rich}/invoke`;
  const answer = await rawCall(stack, {
    method: 'post',
    path: `/api/v1${path}`,
    headers: {
      authorization: `Bearer ${stack.keys.tenants[0]?.developer_key ?? ''}`,
      'content-type': 'application/json',
    },
    body: '{"input":{"amount":1e400}}',
  });
  expect(answer).toMatchObject({ status: 400, body: { error: { reason: 'validation_error' } } });
});

it.each([
  ['arguments that do not fit', () => invoke('read_note', { id: 7 }), 400, 'validation_error'],
  ['no such tool', () => invoke('tool_000000000000', {}), 404, 'TOOL_NOT_FOUND'],
  ['a role without the right', () => invoke('read_note', { id: 'a' }, newKey(), 'viewer'), 403, 'ACCESS_DENIED'],
])('refuses %s', async (_what, call, status, reason) => {
  const before = server.calls.length;
  expect(await call()).toMatchObject({ status, body: { error: { reason } } });
  expect(server.calls).toHaveLength(before);
});

it('waits for a person where the risk is critical, and sends the call when another one has approved', async () => {
  const before = callsOf('delete_note');
  const held = await invoke('delete_note', { id: 'a' });
  expect(held).toMatchObject({
    status: 202,
    body: { data: { status: 'pending', approval_id: expect.stringMatching(/^apr_/), output: null } },
  });
  const { invocation_id: id, approval_id: approvalId } = held.body.data;
  expect(callsOf('delete_note')).toBe(before);
  const decide = (context: ExecutionContext) =>
    stack.dispatch(context, 'tools.approvals.decide', {
      params: { approvalId, decision: 'approve', reason: 'looked at it' },
      idempotencyKey: newKey(),
    });
  await expect(decide(stack.as('developer'))).rejects.toMatchObject({ code: 'authorization_failed' });
  // The first administrator made the key that called.
  await expect(decide(stack.as('admin'))).rejects.toMatchObject({ reason: 'ACCESS_DENIED' });
  const { key_id: keyId } = (await stack.api().post('/api-keys', { name: 'second', role: 'admin' })).body.data;
  await decide(freezeContext({ ...stack.as('admin'), actor: { id: keyId, type: 'machine', keyId } }));
  await until(async () => (await invocationsOf(id)).length > 0, { what: 'the end of the call' });
  expect(await invocationsOf(id)).toMatchObject([{ outcome: 'succeeded' }]);
  expect(callsOf('delete_note')).toBe(before + 1);
  expect(await eventsOf(id)).toEqual([
    ...['tool_invocation_requested', 'tool_invocation_held', 'tool_invocation_started', 'tool_invocation_completed'],
  ]);
});

it('stops a call in flight by a kill of its server, and says that its outcome is not known', async () => {
  const key = newKey();
  const asked = invoke('read_slowly', {}, key);
  await until(() => callsOf('read_slowly') === 1, { what: 'the call at the server' });
  const body = { scope: 'server', scope_id: notes.serverId, reason: 'drill' };
  expect(await stack.api().post('/governance/kill-switch', { ...body, enabled: true })).toMatchObject({ status: 200 });
  const { status, body: answer } = await asked;
  expect({ status, data: answer.data }).toMatchObject({ status: 200, data: { status: 'unknown' } });
  expect(await effectsOf(answer.data.invocation_id)).toEqual([{ phase: 'upstream', outcome: 'unknown', first: true }]);
  expect(await invoke('read_note', { id: 'a' })).toMatchObject({
    status: 403,
    body: { error: { reason: 'SWITCH_ENGAGED' } },
  });
  await stack.api().post('/governance/kill-switch', { ...body, enabled: false });
  expect(await invoke('read_note', { id: 'a' })).toMatchObject({ status: 200 });
});
