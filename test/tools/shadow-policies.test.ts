import { invoke } from '../support/held-calls';
import { sampleOf } from '../support/metrics-page';
import { startTestStack, type TestStack } from '../support/stack';
import { registerToolServer, startToolServer, type RegisteredServer, type ToolServer } from '../support/tool-server';

let upstream: ToolServer;
let stack: TestStack;
let notes: RegisteredServer;
let auditing: string;
let failing: string;
beforeAll(async () => {
  upstream = await startToolServer();
  stack = await startTestStack({ egressAllow: [upstream.host] });
  notes = await registerToolServer(stack, { name: 'notes', url: upstream.url });
  await activate('rules', 'BLOCK', [{ effect: 'allow' }, { effect: 'deny', tools: ['get_large'] }]);
  auditing = await activate('tried', 'AUDIT', [
    { effect: 'deny', when: 'args.id == "grave"', tools: ['read_note'] },
    { effect: 'require_approval', tools: ['get_large'] },
  ]);
  failing = await activate('broken', 'AUDIT', [{ effect: 'allow', tools: ['get_rich'], when: 'args.missing > 1' }]);
});
afterAll(async () => {
  await stack?.stop();
  await upstream?.close();
});

async function activate(name: string, mode: string, rules: readonly object[]): Promise<string> {
  const policy = { name, enforcement_mode: mode, conditions: { tool_rules: rules } };
  const id = (await stack.api().post('/policies', policy)).body.data.policy_id as string;
  const active = { target: 'ACTIVE', reason: 'test' };
  expect(await stack.api().post(`/policies/${id}/lifecycle`, active)).toMatchObject({ status: 200 });
  return id;
}

const call = (tool: string, input: object = {}) => invoke(stack.api('developer'), notes, { tool, input });

async function recordOf(invocationId: string) {
  const path = `/integrations/mcp-servers/${notes.serverId}/invocations/${invocationId}`;
  return (await stack.api().get(path)).body.data;
}

async function eventOf(invocationId: string, type: string) {
  const { rows } = await stack.owner.query(
    `select evidence from audit_events where resource_id = $1 and event_type = $2`,
    [invocationId, type],
  );
  return rows[0]?.evidence as Record<string, unknown>;
}

async function counted(effect: string, failed: string): Promise<number> {
  const page = await (await fetch(`${stack.url}/metrics`)).text();
  return sampleOf(page, 'aos_tool_shadow_decisions_total', { effect, failed }) ?? 0;
}

const shadowOf = async (policyId: string) => (await stack.api().get(`/policies/${policyId}/shadow`)).body.data;

it('lets a call pass that a policy in AUDIT would have refused, and says so where the call is looked at', async () => {
  const [before, standing] = [await counted('deny', 'false'), await shadowOf(auditing)];
  const { status, body } = await call('read_note', { id: 'grave' });
  expect({ status, body }).toMatchObject({ status: 200, body: { data: { status: 'succeeded' } } });
  const said = [{ policy_id: auditing, effect: 'deny', failure: null }];
  const id = body.data.invocation_id as string;
  expect(await recordOf(id)).toMatchObject({ decision: { decision: 'allow', shadow: said } });
  expect(await eventOf(id, 'tool_invocation_allowed')).toMatchObject({ shadow: said });
  expect(await counted('deny', 'false')).toBe(before + 1);

  await call('read_note', { id: 'mild' });
  expect(await shadowOf(auditing)).toMatchObject({
    ...{ policy_id: auditing, calls: standing.calls + 2, truncated: false, failed: 0 },
    would: { allow: 0, deny: standing.would.deny + 1, require_approval: 0 },
  });
});

it('never refuses a call by a rule in AUDIT that cannot be evaluated, and shows that it failed', async () => {
  const before = await counted('deny', 'true');
  const { body } = await call('get_rich');
  expect(body).toMatchObject({ data: { status: 'succeeded' } });
  expect(await recordOf(body.data.invocation_id)).toMatchObject({
    decision: { shadow: [{ policy_id: failing, effect: 'deny', failure: expect.stringContaining('missing') }] },
  });
  expect(await counted('deny', 'true')).toBe(before + 1);
  expect(await shadowOf(failing)).toMatchObject({ failed: 1, would: { deny: 1 } });
});

it('puts into the event of a denial what a policy in AUDIT would have said, and tells it to nobody who calls', async () => {
  const before = await counted('require_approval', 'false');
  const { body } = await call('get_large');
  expect(body).toMatchObject({ error: { reason: 'POLICY_DENIED' } });
  expect(JSON.stringify(body)).not.toContain(auditing);
  expect(await eventOf(body.error.details.invocation_id, 'tool_invocation_denied')).toMatchObject({
    shadow: [{ policy_id: auditing, effect: 'require_approval', failure: null }],
  });
  expect(await counted('require_approval', 'false')).toBe(before + 1);
});

it('counts within a period, and knows policies of its tenant only', async () => {
  const path = `/policies/${auditing}/shadow`;
  expect((await stack.api().get(`${path}?until=2020-01-01T00:00:00Z`)).body.data).toMatchObject({
    ...{ calls: 0, until: '2020-01-01T00:00:00.000Z', since: '2019-12-25T00:00:00.000Z' },
    would: { allow: 0, deny: 0, require_approval: 0 },
  });
  expect(await stack.api().get('/policies/pol_000000000000/shadow')).toMatchObject({ status: 404 });
});
