import type { Client } from '@modelcontextprotocol/client';
import { anActivePolicy } from '../support/active-policy';
import { agentsAt, readMessage, sendMessage, type Era } from '../support/agent';
import { newKey } from '../support/operations';
import { startTestStack, type TestStack } from '../support/stack';
import {
  registerToolServer,
  startToolServer,
  toolDefinitions,
  type RegisteredServer,
  type ToolServer,
} from '../support/tool-server';
import { untilDiscovered } from '../support/tool-discoveries';
import { until } from '../support/until';
import { richResult } from '../unit/mcp-upstream/fixture-servers';

const eras: readonly Era[] = ['modern', 'older'];
const keyMeta = 'io.aos/idempotency-key';

let server: ToolServer;
let stack: TestStack;
let notes: RegisteredServer;
const agents = agentsAt(() => stack);
const agent = agents.connect;
beforeAll(async () => {
  server = await startToolServer();
  stack = await startTestStack({ egressAllow: [server.host] });
  notes = await registerToolServer(stack, { name: 'notes', url: server.url });
  // Its own look would put back to use what is put out of use by hand here.
  await untilDiscovered(stack.owner, notes.serverId);
  await anActivePolicy(stack.api(), 'notes', { tool_rules: [{ effect: 'allow', servers: ['notes'] }] });
});
afterAll(async () => {
  await agents.leave();
  await stack?.stop();
  await server?.close();
});

async function namesOf(client: Client): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name);
}

function setTool(name: string, columns: string) {
  return stack.owner.query(`update mcp_tools set ${columns} where tool_id = $1`, [notes.tools[name]]);
}

const textOf = (result: { content: unknown }) => (result.content as { text: string }[])[0]?.text ?? '';
const callsOf = (tool: string) => server.calls.filter((call) => call.tool === tool).length;
const developerKey = () => stack.keys.tenants[0]?.developer_key ?? '';

describe.each(eras)('an agent of the %s revision', (era) => {
  it('lists the tools in order, by names of their server and by their own', async () => {
    const own = toolDefinitions.map(({ name }) => name).toSorted();
    const all = await agent({ era });
    expect(all.getNegotiatedProtocolVersion()).toBe(era === 'modern' ? '2026-07-28' : '2025-11-25');
    expect(await namesOf(all)).toEqual(own.map((name) => `notes__${name}`));
    const one = await agent({ era, path: '/mcp/notes' });
    expect(await namesOf(one)).toEqual(own);
    const { tools } = await one.listTools();
    expect(tools.find(({ name }) => name === 'read_note')?.inputSchema).toEqual(
      toolDefinitions.find(({ name }) => name === 'read_note')?.inputSchema,
    );
  });

  it('gets what the server answered, whatever it is made of', async () => {
    const client = await agent({ era });
    const result = await client.callTool({ name: 'notes__get_rich', arguments: {} });
    expect(result).toMatchObject({ content: richResult.content, structuredContent: richResult.structuredContent });
    expect(result._meta).toMatchObject({
      'example.org/trace': 'abc',
      'io.aos/invocation-id': expect.stringMatching(/^inv_[0-9a-f]{16}$/),
      'io.aos/outcome': 'succeeded',
    });
    expect(await client.callTool({ name: 'notes__get_error', arguments: {} })).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'the disk is full' }],
      _meta: { 'io.aos/outcome': 'failed', 'io.aos/reason': 'tool_error' },
    });
  });

  it('makes one call under one key, and is told so when the key is used for another', async () => {
    const client = await agent({ era, path: '/mcp/notes' });
    const _meta = { [keyMeta]: newKey() };
    const before = callsOf('read_note');
    const first = await client.callTool({ name: 'read_note', arguments: { id: 'once' }, _meta });
    const second = await client.callTool({ name: 'read_note', arguments: { id: 'once' }, _meta });
    expect(second).toEqual(first);
    expect(callsOf('read_note')).toBe(before + 1);
    const other = await client.callTool({ name: 'read_note', arguments: { id: 'twice' }, _meta });
    expect(other).toMatchObject({ isError: true, _meta: { 'io.aos/reason': 'key_reused' } });
  });

  it('is told by the result what is wrong with its arguments, and by an error that there is no such tool', async () => {
    const client = await agent({ era });
    const wrong = await client.callTool({ name: 'notes__read_note', arguments: { id: 7 } });
    expect(wrong).toMatchObject({ isError: true, _meta: { 'io.aos/reason': 'validation_error' } });
    expect(textOf(wrong)).toContain('/id');
    for (const name of ['notes__nothing', 'notes__\u0000', 'nowhere__read_note', 'read_note', 'ask_kp_000000000000']) {
      await expect(client.callTool({ name, arguments: {} })).rejects.toMatchObject({ code: -32_602 });
    }
    const _meta = { [keyMeta]: 'not a key' };
    await expect(client.callTool({ name: 'notes__read_note', arguments: { id: 'a' }, _meta })).rejects.toMatchObject({
      code: -32_602,
    });
  });
});

it('lists for each caller what the roles cover, and calls no more than that', async () => {
  await setTool('write_note', `required_permissions = '["manage:integrations"]'`);
  const [developer, admin] = await Promise.all([agent(), agent({ role: 'admin' })]);
  expect(await namesOf(developer)).not.toContain('notes__write_note');
  expect(await namesOf(admin)).toContain('notes__write_note');
  const before = callsOf('write_note');
  expect(await developer.callTool({ name: 'notes__write_note', arguments: {} })).toMatchObject({
    isError: true,
    _meta: { 'io.aos/outcome': 'refused', 'io.aos/reason': 'POLICY_DENIED' },
  });
  expect(callsOf('write_note')).toBe(before);
  await setTool('write_note', `required_permissions = '[]'`);
});

it.each([
  ['disabled', 'enabled = false', 'enabled = true', 'tool_disabled'],
  [
    'changed',
    `definition_state = 'changed', seen_hash = repeat('1', 64)`,
    `definition_state = 'pinned', seen_hash = null`,
    'tool_definition_changed',
  ],
])('neither lists nor calls a tool that is %s', async (_what, columns, former, reason) => {
  await setTool('write_note', columns);
  const client = await agent();
  expect(await namesOf(client)).not.toContain('notes__write_note');
  const before = callsOf('write_note');
  const answer = await client.callTool({ name: 'notes__write_note', arguments: {} });
  expect(answer).toMatchObject({ isError: true, _meta: { 'io.aos/reason': reason } });
  expect(textOf(answer)).toContain('inv_');
  expect(callsOf('write_note')).toBe(before);
  await setTool('write_note', former);
});

it('shows nothing to another tenant, and has no tool for it', async () => {
  const stranger = await agent({ tenant: 1 });
  expect(await namesOf(stranger)).toEqual([]);
  await expect(stranger.callTool({ name: 'notes__read_note', arguments: { id: 'a' } })).rejects.toMatchObject({
    code: -32_602,
  });
  await expect((await agent({ tenant: 1, path: '/mcp/notes' })).listTools()).rejects.toThrow(
    'there is no server notes',
  );
});

it('passes no key of a caller on', async () => {
  const client = await agent();
  const before = server.requests.length;
  await client.callTool({ name: 'notes__read_note', arguments: { id: 'quiet' } });
  const sent = server.requests.slice(before).map(({ headers }) => JSON.stringify(headers));
  expect(sent.length).toBeGreaterThan(0);
  for (const headers of sent) {
    expect(headers).not.toContain(developerKey());
    expect(headers).not.toContain('authorization');
  }
});

it('says of a kill what it is, and calls again when it is released', async () => {
  const body = { scope: 'server', scope_id: notes.serverId, reason: 'drill' };
  await stack.api().post('/governance/kill-switch', { ...body, enabled: true });
  const client = await agent();
  const stopped = await client.callTool({ name: 'notes__read_note', arguments: { id: 'a' } });
  expect(stopped).toMatchObject({ isError: true, _meta: { 'io.aos/reason': 'SWITCH_ENGAGED' } });
  await stack.api().post('/governance/kill-switch', { ...body, enabled: false });
  expect(await client.callTool({ name: 'notes__read_note', arguments: { id: 'a' } })).not.toHaveProperty(
    'isError',
    true,
  );
});

it('keeps a call going whose caller has gone, and takes none back that was sent', async () => {
  const key = newKey();
  const asked = { key: developerKey(), method: 'tools/call' };
  const params = { name: 'notes__read_slowly', arguments: {}, _meta: { [keyMeta]: key } };
  const gone = new AbortController();
  const dropped = sendMessage(stack.url, { ...asked, params, id: 77, signal: gone.signal });
  await until(() => callsOf('read_slowly') === 1, { what: 'the call at the server' });
  const cancelled = await sendMessage(stack.url, {
    key: developerKey(),
    method: 'notifications/cancelled',
    params: { requestId: 77 },
    id: undefined,
  });
  expect(cancelled.status).toBe(202);
  gone.abort();
  await expect(dropped).rejects.toThrow();
  server.release();
  const { result } = await readMessage(await sendMessage(stack.url, { ...asked, params }));
  expect(result).toMatchObject({
    content: [{ type: 'text', text: 'at last' }],
    _meta: { 'io.aos/outcome': 'succeeded' },
  });
  expect(callsOf('read_slowly')).toBe(1);
});
