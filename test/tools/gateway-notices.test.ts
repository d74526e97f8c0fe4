import type { Client } from '@modelcontextprotocol/client';
import { anActivePolicy } from '../support/active-policy';
import { agentsAt, readMessage, sendMessage, type AgentOptions, type Era } from '../support/agent';
import { keptOf } from '../support/kept-of';
import { newKey } from '../support/operations';
import { startTestStack, type TestStack } from '../support/stack';
import { startTellingServer, type TellingServer } from '../support/telling-server';
import { untilDiscovered } from '../support/tool-discoveries';

const eras: readonly Era[] = ['modern', 'older'];
const secret = 'Bearer-of-telling-0123456789';

let server: TellingServer;
let stack: TestStack;
const agents = agentsAt(() => stack);
beforeAll(async () => {
  server = await startTellingServer();
  stack = await startTestStack({ egressAllow: [server.host] });
  const { body: stored } = await stack.api().post('/credentials', {
    ...{ name: 'telling', type: 'bearer_token', secret: { token: secret } },
  });
  const { body } = await stack.api().post('/integrations/mcp-servers', {
    ...{ name: 'telling', url: server.url, requires_approval: false },
    ...{ auth_type: 'bearer', credential_id: stored.data.credential_id },
  });
  await untilDiscovered(stack.owner, body.data.server_id as string);
  await anActivePolicy(stack.api(), 'telling', { tool_rules: [{ effect: 'allow', servers: ['telling'] }] });
});
afterAll(async () => {
  await agents.leave();
  await stack?.stop();
  await server?.close();
});

interface Heard {
  readonly progress: object[];
  readonly logs: object[];
}

/** An agent with all that it is told beside its results. */
async function agent(options: AgentOptions = {}): Promise<Heard & { client: Client }> {
  const client = await agents.connect({ path: '/mcp/telling', ...options });
  const logs: object[] = [];
  client.setNotificationHandler('notifications/message', ({ params }) => void logs.push(params));
  return { client, progress: [], logs };
}

const level = (wanted: string) => ({ 'io.modelcontextprotocol/logLevel': wanted });
const late = { level: 'warning', logger: 'steps', data: { text: 'it is late', key: 'Bearer [secret]' } };

describe.each(eras)('an agent of the %s revision', (era) => {
  it('is told of progress and logs while its call is on its way', async () => {
    const { client, progress, logs } = await agent({ era });
    if (era === 'older') await client.setLoggingLevel('debug');
    const params = { name: 'read_steps', arguments: {}, ...(era === 'modern' && { _meta: level('debug') }) };
    const result = await client.callTool(params, { onprogress: (each) => void progress.push(each) });
    expect(result).toMatchObject({ content: [{ type: 'text', text: 'done' }] });
    expect(progress).toEqual([
      { progress: 1, total: 2, message: 'step 1 with Bearer [secret]' },
      { progress: 2, total: 2, message: 'step 2 with Bearer [secret]' },
    ]);
    expect(logs).toEqual([{ level: 'debug', data: 'a detail' }, late]);
  });

  it('is told only what matters as much as it said', async () => {
    const { client, logs } = await agent({ era });
    if (era === 'older') await client.setLoggingLevel('warning');
    const params = { name: 'read_steps', arguments: {}, ...(era === 'modern' && { _meta: level('warning') }) };
    await client.callTool(params);
    expect(logs).toEqual([late]);
    expect(server.wishes.at(-1)).toEqual({ hasToken: false, level: 'warning' });
  });

  it('is told no more than so much during one request', async () => {
    const { client, progress } = await agent({ era });
    const result = await client.callTool(
      { name: 'read_floods', arguments: {} },
      { onprogress: (each) => void progress.push(each) },
    );
    expect(result).toMatchObject({ content: [{ type: 'text', text: 'done' }] });
    expect(progress).toHaveLength(1_000);
  });
});

it('asks the server for nothing that nobody wants to hear, and tells nothing of it', async () => {
  const key = stack.keys.tenants[0]?.developer_key ?? '';
  const params = { name: 'read_steps', arguments: {}, _meta: { 'io.aos/idempotency-key': newKey() } };
  const response = await sendMessage(stack.url, { key, method: 'tools/call', path: '/mcp/telling', params });
  expect(response.headers.get('content-type')).toContain('application/json');
  expect((await readMessage(response)).result).toMatchObject({ content: [{ text: 'done' }] });
  expect(server.wishes.at(-1)).toEqual({ hasToken: false, level: null });
});

it('takes the result of a call that was made before, and tells nothing of it again', async () => {
  const { client, progress } = await agent();
  const params = { name: 'read_steps', arguments: {}, _meta: { 'io.aos/idempotency-key': newKey() } };
  const onprogress = (each: object) => void progress.push(each);
  await client.callTool(params, { onprogress });
  expect(progress).toHaveLength(2);
  await client.callTool(params, { onprogress });
  expect(progress).toHaveLength(2);
});

it('keeps nothing of what it passed on, and logs nothing of it', async () => {
  const { client, progress, logs } = await agent();
  const params = { name: 'read_steps', arguments: {}, _meta: level('debug') };
  await client.callTool(params, { onprogress: (each) => void progress.push(each) });
  expect([progress.length, logs.length]).toEqual([2, 2]);
  for (const told of ['step 1', 'a detail', 'it is late']) {
    expect(await keptOf(stack, told)).toEqual({ tables: [], lines: [] });
  }
  expect(await keptOf(stack, 'read_steps')).toMatchObject({ tables: expect.arrayContaining(['mcp_tool_calls']) });
});

it('passes on how far a call came and no words, where policies hide anything of its answer', async () => {
  await anActivePolicy(stack.api(), 'hiding', { tool_redactions: [{ tools: ['read_steps'], result: ['$.name'] }] });
  const { client, progress, logs } = await agent();
  const params = { name: 'read_steps', arguments: {}, _meta: level('debug') };
  const result = await client.callTool(params, { onprogress: (each) => void progress.push(each) });
  expect(result).toMatchObject({ content: [{ type: 'text', text: '[redacted]' }] });
  expect(progress).toEqual([
    { progress: 1, total: 2 },
    { progress: 2, total: 2 },
  ]);
  expect(logs).toEqual([]);
});
