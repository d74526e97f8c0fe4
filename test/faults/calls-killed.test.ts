import type { BarrierName } from '../../barriers';
import { ApiClient } from '../support/api-client';
import type { AosProcess } from '../support/aos-process';
import { decideCall, endOfCall, holdCall, invoke } from '../support/held-calls';
import { newKey } from '../support/operations';
import { startProcessStack, type ProcessStack } from '../support/process-stack';
import { registerToolServer, startToolServer, type RegisteredServer, type ToolServer } from '../support/tool-server';
import { until } from '../support/until';

let upstream: ToolServer;
let stack: ProcessStack;
let notes: RegisteredServer;
/** The first administrator made the key that calls, so another one has to decide. */
let otherKey: string;
beforeAll(async () => {
  upstream = await startToolServer();
  stack = await startProcessStack();
  notes = await registerToolServer(stack, { name: 'notes', url: upstream.url });
  const api = await startApi();
  const conditions = { tool_rules: [{ effect: 'allow' }] };
  const policy = await stack.api().post('/policies', { name: 'p', enforcement_mode: 'BLOCK', conditions });
  const active = { target: 'ACTIVE', reason: 'test' };
  expect(await stack.api().post(`/policies/${policy.body.data.policy_id}/lifecycle`, active)).toMatchObject({
    status: 200,
  });
  otherKey = (await stack.api().post('/api-keys', { name: 'other', role: 'admin' })).body.data.key;
  await api.stop();
});
afterAll(async () => {
  await stack?.stop();
  await upstream?.close();
});

/** Only one runs at a time: calls are sent by whichever does. */
let running: AosProcess | undefined;
afterEach(() => running?.kill());

// The worker looks at the server meanwhile, and one that it may not reach would not be called for long.
const settings = () => ({ env: { AOS_EGRESS_ALLOW: upstream.host } });

async function startApi(barrier?: BarrierName) {
  const api = await stack.startApi({ ...settings(), ...(barrier !== undefined && { barrier }) });
  running = api;
  return api;
}

const sent = (tool: string) => upstream.calls.filter((call) => call.tool === tool).length;

test('a call waits through kill -9 of API and worker, and is sent once when it is approved afterwards', async () => {
  const lives = [await startApi(), await stack.startWorker(settings())];
  const asked = { tool: 'delete_note', key: newKey() };
  const call = await holdCall(stack.api('developer'), notes, asked);
  await Promise.all(lives.map((each) => each.kill()));
  const { url } = await startApi();
  expect((await stack.api().get(`/approvals/${call.approvalId}`)).body.data).toMatchObject({ status: 'pending' });
  expect(sent('delete_note')).toBe(0);
  expect(await decideCall(new ApiClient(url, otherKey), call)).toMatchObject({ status: 200 });
  expect(await endOfCall(stack.api(), call)).toMatchObject({ outcome: 'succeeded', evidence: [{ first: true }] });
  expect(await invoke(stack.api('developer'), notes, asked)).toMatchObject({
    status: 200,
    body: { data: { status: 'succeeded' } },
  });
  expect(sent('delete_note')).toBe(1);
});

test.each<[BarrierName, string, number]>([
  ['tool.intent-committed', 'read_note', 0],
  ['tool.answered', 'get_rich', 1],
])('kill -9 at %s leaves an unknown outcome, and never a second call', async (barrier, tool, calls) => {
  const dying = await startApi(barrier);
  const asked = { tool, key: newKey() };
  await expect(invoke(stack.api('developer'), notes, asked)).rejects.toThrow('fetch failed');
  expect(await dying.ended).toBe('SIGKILL');
  const { rows } = await stack.owner.query(`select invocation_id, state from mcp_tool_calls where tool_name = $1`, [
    tool,
  ]);
  expect(rows).toMatchObject([{ state: 'dispatched' }]);
  await startApi();
  await until(async () => (await invoke(stack.api('developer'), notes, asked)).body.data?.status === 'unknown', {
    what: 'the outcome of the call',
  });
  const path = `/integrations/mcp-servers/${notes.serverId}/invocations/${rows[0]?.invocation_id}`;
  expect((await stack.api().get(path)).body.data).toMatchObject({
    ...{ outcome: 'unknown', effect: { status: 'unknown' } },
    evidence: [{ outcome: 'unknown', first: true }],
  });
  expect(sent(tool)).toBe(calls);
});

test.each<[BarrierName, string, number]>([
  ['tool.intent-committed', 'write_note', 1],
  ['tool.answered', 'get_large', 2],
])(
  'kill -9 at %s has a tool that may be sent again sent again, with an intent for each attempt',
  async (barrier, tool, calls) => {
    const dying = await startApi(barrier);
    const path = `/integrations/mcp-servers/${notes.serverId}`;
    expect(await stack.api().put(`${path}/tools/${notes.tools[tool]}`, { retry_safe: true })).toMatchObject({
      status: 200,
    });
    const asked = { tool, key: newKey() };
    await expect(invoke(stack.api('developer'), notes, asked)).rejects.toThrow('fetch failed');
    expect(await dying.ended).toBe('SIGKILL');
    await startApi();
    let id = '';
    await until(
      async () => {
        const { data } = (await invoke(stack.api('developer'), notes, asked)).body;
        id = data?.invocation_id ?? id;
        return data?.status === 'succeeded';
      },
      { what: 'the answer to the second attempt' },
    );
    expect((await stack.api().get(`${path}/invocations/${id}`)).body.data).toMatchObject({
      ...{ outcome: 'succeeded', effect: { phase: 'upstream:2', outcome: 'succeeded' } },
      earlier_effects: [{ phase: 'upstream', outcome: 'succeeded' }],
      evidence: [{ outcome: 'succeeded', first: true }],
    });
    expect(sent(tool)).toBe(calls);
  },
);

test('a process that is asked to end cuts off the call that it carries out, and says that nobody knows its outcome', async () => {
  const api = await startApi();
  const cut = invoke(stack.api('developer'), notes, { tool: 'read_slowly', input: {} }).catch(String);
  await until(() => sent('read_slowly') === 1, { what: 'the call at the server' });
  await api.stop();
  expect(await api.ended).toBe(0);
  expect(await cut).toContain('fetch failed');
  // By the process itself: none runs that could have said it since.
  const { rows } = await stack.owner.query(
    `select state, outcome, (select array_agg(o.outcome) from effect_outcomes o where o.intent_id = c.intent_id) as effects
      from mcp_tool_calls c where tool_name = 'read_slowly'`,
  );
  expect(rows).toEqual([{ state: 'settled', outcome: 'unknown', effects: ['unknown'] }]);
});

test('kill -9 while a call is under way keeps what policies hide of it sealed, until it has ended', async () => {
  const dying = await startApi('tool.answered');
  const conditions = { tool_redactions: [{ tools: ['get_error'], input: ['$.who'] }] };
  const policy = await stack.api().post('/policies', { name: 'hides', enforcement_mode: 'BLOCK', conditions });
  const active = { target: 'ACTIVE', reason: 'test' };
  expect(await stack.api().post(`/policies/${policy.body.data.policy_id}/lifecycle`, active)).toMatchObject({
    status: 200,
  });
  const asked = { tool: 'get_error', key: newKey(), input: { who: 'Ada' } };
  await expect(invoke(stack.api('developer'), notes, asked)).rejects.toThrow('fetch failed');
  expect(await dying.ended).toBe('SIGKILL');
  const rowsOf = async () =>
    (await stack.owner.query(`select state, input, input_preview from mcp_tool_calls where tool_name = 'get_error'`))
      .rows;
  const input_preview = '{"who":"[redacted]"}';
  expect(await rowsOf()).toEqual([{ state: 'dispatched', input: expect.any(Buffer), input_preview }]);
  await startApi();
  await until(async () => (await invoke(stack.api('developer'), notes, asked)).body.data?.status === 'unknown', {
    what: 'the outcome of the call',
  });
  expect(await rowsOf()).toEqual([{ state: 'settled', input: null, input_preview }]);
});
