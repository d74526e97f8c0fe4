import { anActivePolicy } from '../support/active-policy';
import { agentsAt, type Era } from '../support/agent';
import { registerContentServer, startContentServer, type ContentServer } from '../support/content-server';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';
import { pixel } from '../unit/mcp-upstream/fixture-servers';

const eras: readonly Era[] = ['modern', 'older'];

let server: ContentServer;
let stack: TestStack;
let serverId: string;
const agents = agentsAt(() => stack);
const agent = agents.connect;
beforeAll(async () => {
  server = await startContentServer();
  stack = await startTestStack({ egressAllow: [server.host] });
  serverId = await registerContentServer(stack, { name: 'notes', url: server.url });
  await anActivePolicy(stack.api(), 'notes', {
    tool_rules: [
      {
        effect: 'deny',
        servers: ['notes'],
        tools: ['resources/read'],
        when: `args.uri == "note://picture" && "admin" in caller.roles`,
        message: 'no pictures',
      },
      {
        effect: 'require_approval',
        servers: ['notes'],
        tools: ['prompts/get'],
        when: `args.name == "greet" && has(args.arguments.tone)`,
      },
    ],
  });
});
afterAll(async () => {
  await agents.leave();
  await stack?.stop();
  await server?.close();
});

const timesAsked = (what: string) => server.asked.filter((each) => each === what).length;

async function evidenceOf(invocationId: unknown) {
  const { rows } = await stack.owner.query(
    `select tool_name, tool_id, outcome, policy_decision, error_code, output_hash, input_preview
     from mcp_tool_invocations where invocation_id = $1`,
    [invocationId],
  );
  return rows;
}

async function failureOf(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown as { code: number; message: string; data?: { reason?: string; details?: object } },
  );
  if (error === undefined) throw new Error('it did not fail');
  return error;
}

describe.each(eras)('an agent of the %s revision', (era) => {
  it('lists what the server offers, under its own names and under those of all servers', async () => {
    const one = await agent({ era, path: '/mcp/notes' });
    const uris = ['note://broken', 'note://large', 'note://one', 'note://picture', 'note://slow'];
    expect((await one.listResources()).resources.map(({ uri }) => uri)).toEqual(uris);
    expect((await one.listResourceTemplates()).resourceTemplates).toMatchObject([{ uriTemplate: 'note://by-id/{id}' }]);
    expect((await one.listPrompts()).prompts).toMatchObject([
      { name: 'greet', description: 'Greets.', arguments: [{ name: 'name', required: true }, { name: 'tone' }] },
    ]);
    const all = await agent({ era });
    expect((await all.listResources()).resources.map(({ uri }) => uri)).toEqual(uris.map((uri) => `aos+notes:${uri}`));
    expect((await all.listResourceTemplates()).resourceTemplates).toMatchObject([
      { uriTemplate: 'aos+notes:note://by-id/{id}' },
    ]);
    expect((await all.listPrompts()).prompts).toMatchObject([{ name: 'notes__greet' }]);
  });

  it('reads resources as their server sent them, with evidence', async () => {
    const one = await agent({ era, path: '/mcp/notes' });
    const note = await one.readResource({ uri: 'note://one' });
    expect(note).toMatchObject({
      contents: [{ uri: 'note://one', text: 'a note', mimeType: 'text/plain' }],
      _meta: { 'example.org/seen': true },
    });
    expect(await evidenceOf(note._meta?.['io.aos/invocation-id'])).toEqual([
      {
        ...{ tool_name: 'resources/read', tool_id: null, outcome: 'succeeded', policy_decision: 'allowed' },
        ...{ error_code: null, output_hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
        input_preview: '{"uri":"note://one"}',
      },
    ]);
    const all = await agent({ era });
    expect(await all.readResource({ uri: 'aos+notes:note://picture' })).toMatchObject({
      contents: [{ uri: 'aos+notes:note://picture', blob: pixel, mimeType: 'image/png' }],
    });
    expect(await all.readResource({ uri: 'aos+notes:note://by-id/7' })).toMatchObject({
      contents: [{ uri: 'aos+notes:note://by-id/7', text: 'note 7' }],
    });
  });

  it('gets prompts and completions', async () => {
    const all = await agent({ era });
    const prompt = await all.getPrompt({ name: 'notes__greet', arguments: { name: 'Ada' } });
    expect(await evidenceOf(prompt._meta?.['io.aos/invocation-id'])).toMatchObject([
      { tool_name: 'prompts/get', input_preview: '{"name":"greet"}' },
    ]);
    expect(prompt.messages).toMatchObject([
      { role: 'user', content: { type: 'text', text: 'hello Ada' } },
      { role: 'user', content: { type: 'resource', resource: { uri: 'aos+notes:note://one', text: 'a note' } } },
    ]);
    const complete = async (ref: object, argument: { name: string; value: string }) =>
      (await all.complete({ ref, argument } as never)).completion.values;
    expect(await complete({ type: 'ref/prompt', name: 'notes__greet' }, { name: 'name', value: 'A' })).toEqual(['Ada']);
    const ref = { type: 'ref/resource', uri: 'aos+notes:note://by-id/{id}' };
    expect(await complete(ref, { name: 'id', value: '1' })).toEqual(['1', '12']);
  });

  it('is told that there is no such thing, and nobody is asked', async () => {
    const before = server.asked.length;
    const all = await agent({ era });
    for (const uri of [
      'note://one',
      'aos+notes:note://none',
      'aos+nowhere:note://one',
      'aos+notes:note://by-id/../one',
    ]) {
      expect(await failureOf(all.readResource({ uri }))).toMatchObject({
        code: -32_602,
        message: 'Resource not found',
      });
    }
    for (const name of ['greet', 'notes__none', 'nowhere__greet']) {
      expect(await failureOf(all.getPrompt({ name }))).toMatchObject({ code: -32_602 });
    }
    expect(server.asked.length).toBe(before);
  });
});

it('passes on what the server says of wrong arguments', async () => {
  const failure = await failureOf((await agent()).getPrompt({ name: 'notes__greet' }));
  expect(failure).toMatchObject({ code: -32_602, data: { code: 'invalid_input' } });
});

it('is decided by the rules of policies, and what would wait for people is refused', async () => {
  const before = server.asked.length;
  const admin = await agent({ role: 'admin' });
  const denied = await failureOf(admin.readResource({ uri: 'aos+notes:note://picture' }));
  expect(denied).toMatchObject({ code: -32_000, message: 'no pictures', data: { reason: 'POLICY_DENIED' } });
  const { invocation_id: id } = denied.data?.details as { invocation_id: string };
  expect(await evidenceOf(id)).toMatchObject([
    { outcome: 'refused', policy_decision: 'blocked', error_code: 'POLICY_DENIED', output_hash: null },
  ]);
  const held = await failureOf(admin.getPrompt({ name: 'notes__greet', arguments: { name: 'Ada', tone: 'dry' } }));
  expect(held).toMatchObject({ code: -32_000, data: { reason: 'POLICY_DENIED' } });
  expect(held.message).toContain('cannot wait');
  expect(server.asked.length).toBe(before);
});

it.each([
  ['wants approval for every call', 'requires_approval = true', 'requires_approval = false', 'POLICY_DENIED'],
  ['is offline', `status = 'offline'`, `status = 'active'`, 'server_offline'],
  ['is disabled', 'enabled = false', 'enabled = true', 'server_offline'],
])('neither lists nor reads what belongs to a server that %s', async (_what, columns, former, reason) => {
  const set = (values: string) =>
    stack.owner.query(`update mcp_servers set ${values} where server_id = $1`, [serverId]);
  await set(columns);
  const before = server.asked.length;
  const client = await agent({ path: '/mcp/notes' });
  expect(await client.listResources()).toMatchObject({ resources: [] });
  expect(await client.listPrompts()).toMatchObject({ prompts: [] });
  const failure = await failureOf(client.readResource({ uri: 'note://one' }));
  expect(failure).toMatchObject({ code: -32_000, data: { reason } });
  expect(server.asked.length).toBe(before);
  await set(former);
});

it('shows nothing to another tenant, and has nothing for it', async () => {
  const before = server.asked.length;
  const stranger = await agent({ tenant: 1 });
  expect(await stranger.listResources()).toMatchObject({ resources: [] });
  expect(await failureOf(stranger.readResource({ uri: 'aos+notes:note://one' }))).toMatchObject({ code: -32_602 });
  expect(await failureOf(stranger.getPrompt({ name: 'notes__greet', arguments: { name: 'a' } }))).toMatchObject({
    code: -32_602,
  });
  const own = await agent({ tenant: 1, path: '/mcp/notes' });
  expect((await failureOf(own.listPrompts())).message).toContain('there is no server notes');
  expect(server.asked.length).toBe(before);
});

it('refuses under a kill, and keeps back what was answered since it was thrown', async () => {
  const body = { scope: 'server', scope_id: serverId, reason: 'drill' };
  const client = await agent();
  const before = timesAsked('note://one');
  const inFlight = failureOf(client.readResource({ uri: 'aos+notes:note://slow' }));
  await until(() => timesAsked('note://slow') === 1, { what: 'the read at the server' });
  await stack.api().post('/governance/kill-switch', { ...body, enabled: true });
  const stopped = await failureOf(client.readResource({ uri: 'aos+notes:note://one' }));
  expect(stopped).toMatchObject({ code: -32_000, data: { reason: 'SWITCH_ENGAGED' } });
  await stack.api().post('/governance/kill-switch', { ...body, enabled: false });
  server.release();
  const kept = await inFlight;
  expect(kept).toMatchObject({ code: -32_000, data: { reason: 'SWITCH_ENGAGED' } });
  const { invocation_id: id } = kept.data?.details as { invocation_id: string };
  expect(await evidenceOf(id)).toMatchObject([{ outcome: 'unknown', output_hash: null }]);
  expect(timesAsked('note://one')).toBe(before);
  expect(await client.readResource({ uri: 'aos+notes:note://one' })).toHaveProperty('contents');
});

it('releases nothing of an answer that is too large or none of the protocol', async () => {
  const client = await agent();
  const large = await failureOf(client.readResource({ uri: 'aos+notes:note://large' }));
  expect(large.message).toContain('more than 5242880 bytes');
  const broken = await failureOf(client.readResource({ uri: 'aos+notes:note://broken' }));
  expect(broken.code).toBe(-32_603);
  for (const { data } of [large, broken]) {
    const { invocation_id: id } = data?.details as { invocation_id: string };
    const [row] = await evidenceOf(id);
    expect(row).toMatchObject({ output_hash: null, policy_decision: 'allowed' });
    expect(['failed', 'unknown']).toContain(row.outcome);
  }
});

it('takes from the limit of the server, with the calls of its tools', async () => {
  const set = (values: string) =>
    stack.owner.query(`update mcp_servers set ${values} where server_id = $1`, [serverId]);
  await set('rate_limit_requests = 1, rate_limit_window_seconds = 86400');
  const client = await agent();
  const read = () => client.readResource({ uri: 'aos+notes:note://one' });
  expect(await read()).toHaveProperty('contents');
  const before = server.asked.length;
  expect(await failureOf(read())).toMatchObject({
    code: -32_000,
    data: { reason: 'RATE_LIMIT_EXCEEDED', retry_after_seconds: expect.any(Number) },
  });
  expect(server.asked.length).toBe(before);
  await set('rate_limit_requests = null, rate_limit_window_seconds = 60');
});

it('leaves events that tell of each read, and shows reads among the calls of the server', async () => {
  const client = await agent();
  const { _meta } = await client.readResource({ uri: 'aos+notes:note://one' });
  const id = _meta?.['io.aos/invocation-id'];
  const { rows } = await stack.owner.query(
    `select event_type, outcome from audit_events where resource_id = $1 order by occurred_at`,
    [id],
  );
  expect(rows).toEqual([
    { event_type: 'server_read_started', outcome: 'pending' },
    { event_type: 'server_read_completed', outcome: 'success' },
  ]);
  const { body } = await stack.api().get(`/integrations/mcp-servers/${serverId}/invocations?limit=1`);
  expect(body.data.items).toMatchObject([{ invocation_id: id, tool_id: null, tool_name: 'resources/read' }]);
});

it('passes no key of a caller on', async () => {
  const before = server.requests.length;
  await (await agent()).readResource({ uri: 'aos+notes:note://one' });
  const sent = server.requests.slice(before).map(({ headers }) => JSON.stringify(headers));
  expect(sent.length).toBeGreaterThan(0);
  for (const headers of sent) expect(headers).not.toContain('authorization');
});
