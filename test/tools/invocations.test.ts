import { endOfCall, invoke } from '../support/held-calls';
import { startTestStack, type TestStack } from '../support/stack';
import { registerToolServer, startToolServer, type RegisteredServer, type ToolServer } from '../support/tool-server';
import { until } from '../support/until';

let upstream: ToolServer;
let stack: TestStack;
let notes: RegisteredServer;
beforeAll(async () => {
  upstream = await startToolServer();
  stack = await startTestStack({ egressAllow: [upstream.host] });
  notes = await registerToolServer(stack, { name: 'notes', url: upstream.url });
  const rules = [{ effect: 'allow' }, { effect: 'deny', tools: ['get_large'] }];
  const conditions = { tool_rules: rules };
  const policy = await stack.api().post('/policies', { name: 'p', enforcement_mode: 'BLOCK', conditions });
  const active = { target: 'ACTIVE', reason: 'test' };
  expect(await stack.api().post(`/policies/${policy.body.data.policy_id}/lifecycle`, active)).toMatchObject({
    status: 200,
  });
});
afterAll(async () => {
  await stack?.stop();
  await upstream?.close();
});

const base = () => `/integrations/mcp-servers/${notes.serverId}/invocations`;
async function call(tool: string, input: object = {}) {
  const { status, body } = await invoke(stack.api('developer'), notes, { tool, input });
  expect({ status, body }).toMatchObject({ status: 200 });
  return body.data;
}
const found = async (id: string) => (await stack.api().get(`${base()}/${id}`)).body.data;

it('shows the calls of a server newest first, page by page, and neither arguments nor results', async () => {
  const ids: string[] = [];
  for (const n of [1, 2, 3]) {
    ids.unshift((await call('read_note', { id: `secret-${n}` })).invocation_id);
  }
  const first = await stack.api('developer').get(`${base()}?limit=2`);
  const next = await stack.api('developer').get(`${base()}?limit=2&cursor=${first.body.meta.next_cursor}`);
  const items = [...first.body.data.items, ...next.body.data.items];
  expect(items.slice(0, 3)).toMatchObject(
    ids.map((id) => ({ invocation_id: id, tool_name: 'read_note', outcome: 'succeeded', resolution: null })),
  );
  expect(JSON.stringify(items)).not.toMatch(/secret-|note secret/);
  expect(await stack.api().get(`${base()}?limit=101`)).toMatchObject({ status: 400 });
  expect(await stack.api().get('/integrations/mcp-servers/mcp_000000000000/invocations')).toMatchObject({
    status: 404,
    body: { error: { reason: 'SERVER_NOT_FOUND' } },
  });
});

it('shows one call with decision, effect and evidence', async () => {
  const { invocation_id: id } = await call('read_note', { id: 'shown' });
  const record = await found(id);
  expect(record).toMatchObject({
    ...{ server_name: 'notes', state: 'settled', outcome: 'succeeded', approval: null },
    decision: { decision: 'allow', policy_snapshot_at_start: record.decision.policy_snapshot_id },
    effect: { subject: `tool:${id}`, status: 'settled', outcome: 'succeeded' },
    evidence: [{ outcome: 'succeeded', first: true, policy_decision: 'allowed' }],
  });
  expect(JSON.stringify(record)).not.toContain('note shown');
});

it('shows a call that was denied by its evidence', async () => {
  const { body } = await invoke(stack.api('developer'), notes, { tool: 'get_large', input: {} });
  expect(body).toMatchObject({ error: { reason: 'POLICY_DENIED' } });
  const id = body.error.details.invocation_id as string;
  expect(await found(id)).toMatchObject({
    ...{ state: 'settled', outcome: 'refused', error_code: 'POLICY_DENIED', decision: null, effect: null },
    evidence: [{ policy_decision: 'blocked' }],
  });
  const { body: list } = await stack.api().get(`${base()}?limit=1`);
  expect(list.data.items).toMatchObject([{ invocation_id: id, outcome: 'refused' }]);
  const said = { outcome: 'failed', reason: 'test' };
  expect(await stack.api().post(`${base()}/${id}/resolve`, said)).toMatchObject({ status: 409 });
  expect(await stack.api('developer').post(`${base()}/${id}/withdraw`)).toMatchObject({ status: 404 });
});

it('lets a person say what became of a call whose outcome nobody knows, once', async () => {
  const asked = call('read_slowly');
  await until(() => upstream.calls.some(({ tool }) => tool === 'read_slowly'), { what: 'the call at the server' });
  const kill = { scope: 'server', scope_id: notes.serverId, reason: 'drill' };
  await stack.api().post('/governance/kill-switch', { ...kill, enabled: true });
  const { invocation_id: id } = await asked;
  const path = `${base()}/${id}`;
  expect(await endOfCall(stack.api(), { path })).toMatchObject({ outcome: 'unknown', effect: { status: 'unknown' } });

  const said = { outcome: 'succeeded', reason: 'the note was read' };
  expect(await stack.api('developer').post(`${path}/resolve`, said)).toMatchObject({ status: 403 });
  expect(await stack.api().post(`${path}/resolve`, said)).toMatchObject({
    status: 200,
    body: { data: { ...said, invocation_id: id, resolved_by: stack.as('admin').actor.id } },
  });
  expect(await stack.api().post(`${path}/resolve`, { ...said, outcome: 'failed' })).toMatchObject({ status: 409 });
  await stack.api().post('/governance/kill-switch', { ...kill, enabled: false });

  expect(await found(id)).toMatchObject({
    ...{ outcome: 'succeeded', effect: { status: 'settled', outcome: 'succeeded' } },
    evidence: [
      { outcome: 'unknown', first: true },
      { outcome: 'succeeded', first: false, error_message: said.reason },
    ],
  });
  const { body: list } = await stack.api().get(`${base()}?limit=1`);
  expect(list.data.items).toMatchObject([
    { outcome: 'unknown', resolution: { outcome: 'succeeded', reason: said.reason } },
  ]);
  const known = (await call('read_note', { id: 'a' })).invocation_id;
  expect(await stack.api().post(`${base()}/${known}/resolve`, said)).toMatchObject({ status: 409 });
});
