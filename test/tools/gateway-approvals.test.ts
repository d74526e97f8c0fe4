import type { ElicitRequest } from '@modelcontextprotocol/client';
import { anActivePolicy } from '../support/active-policy';
import { agentsAt, readMessage, sendMessage } from '../support/agent';
import { newKey } from '../support/operations';
import { aSecondAdmin } from '../support/second-admin';
import { startTestStack, type TestStack } from '../support/stack';
import { registerToolServer, startToolServer, type ToolServer } from '../support/tool-server';
import { until } from '../support/until';

const keyMeta = 'io.aos/idempotency-key';
const tool = { name: 'notes__delete_note', arguments: { id: 'a' } };

let server: ToolServer;
let stack: TestStack;
let decide: Awaited<ReturnType<typeof aSecondAdmin>>;
const agents = agentsAt(() => stack);
const agent = agents.connect;
beforeAll(async () => {
  server = await startToolServer();
  stack = await startTestStack({ egressAllow: [server.host] });
  await registerToolServer(stack, { name: 'notes', url: server.url });
  await anActivePolicy(stack.api(), 'notes', { tool_rules: [{ effect: 'allow', servers: ['notes'] }] });
  decide = await aSecondAdmin(stack);
});
afterAll(async () => {
  await agents.leave();
  await stack?.stop();
  await server?.close();
});

const sent = () => server.calls.length;
const textOf = (result: { content: unknown }) => (result.content as { text: string }[])[0]?.text ?? '';
const approvalIn = (text: string) => /apr_[0-9a-f]{12}/.exec(text)?.[0] ?? '';
const keyOf = (role: 'admin' | 'developer') => stack.keys.tenants[0]?.[`${role}_key`] ?? '';

it('asks the person before the agent, who looks again when another one has approved', async () => {
  const asked: ElicitRequest['params'][] = [];
  const client = await agent({
    async onQuestion(params) {
      asked.push(params);
      if (asked.length === 1) await decide(approvalIn(params.message), 'approve');
      return { action: 'accept', content: { next: 'check' } };
    },
  });
  const before = sent();
  expect(await client.callTool(tool)).toMatchObject({
    content: [{ type: 'text', text: 'deleted' }],
    _meta: { 'io.aos/outcome': 'succeeded' },
  });
  expect(sent()).toBe(before + 1);
  expect(asked).toHaveLength(1);
  expect(asked[0]?.message).toMatch(
    new RegExp(`waits for approval apr_.* ${stack.url}/api/v1/approvals/apr_[0-9a-f]{12}`),
  );
});

it('tells what another person has decided against', async () => {
  const client = await agent({
    async onQuestion({ message }) {
      await decide(approvalIn(message), 'deny');
      return { action: 'accept', content: { next: 'check' } };
    },
  });
  const before = sent();
  const answer = await client.callTool(tool);
  expect(answer).toMatchObject({
    isError: true,
    _meta: { 'io.aos/outcome': 'refused', 'io.aos/reason': 'approval_denied' },
  });
  expect(textOf(answer)).toContain('inv_');
  expect(sent()).toBe(before);
});

it.each([
  ['declines', { action: 'decline' }],
  ['chooses to take it back', { action: 'accept', content: { next: 'withdraw' } }],
] as const)('takes the call back when the person %s', async (_what, reply) => {
  let approvalId = '';
  const client = await agent({
    onQuestion({ message }) {
      approvalId = approvalIn(message);
      return reply;
    },
  });
  const before = sent();
  expect(await client.callTool(tool)).toMatchObject({ isError: true, _meta: { 'io.aos/reason': 'withdrawn' } });
  await expect(decide(approvalId, 'approve')).rejects.toMatchObject({ code: expect.any(String) });
  expect(sent()).toBe(before);
});

it('leaves the call where it is when the question is put away', async () => {
  const client = await agent({ onQuestion: () => ({ action: 'cancel' }) });
  const answer = await client.callTool(tool);
  expect(answer).toMatchObject({ isError: true, _meta: { 'io.aos/outcome': 'pending' } });
  expect(textOf(answer)).toContain('waits for approval apr_');
});

it.each(['older', 'modern'] as const)(
  'tells an agent of the %s revision that cannot be asked how to come back',
  async (era) => {
    const client = await agent({ era });
    const before = sent();
    const held = await client.callTool(tool);
    expect(held).toMatchObject({
      isError: true,
      _meta: { 'io.aos/outcome': 'pending', 'io.aos/approval-id': expect.stringMatching(/^apr_/) },
    });
    const key = held._meta?.[keyMeta] as string;
    expect(textOf(held)).toContain(key);
    const again = () => client.callTool({ ...tool, _meta: { [keyMeta]: key } });
    expect((await again())._meta).toMatchObject({ 'io.aos/outcome': 'pending' });
    await decide(approvalIn(textOf(held)), 'approve');
    expect(await again()).toMatchObject({ content: [{ type: 'text', text: 'deleted' }] });
    expect(sent()).toBe(before + 1);
  },
);

it('takes a waiting call back when its caller cancels it by its key, and for nobody else', async () => {
  const key = newKey();
  const call = { key: keyOf('developer'), method: 'tools/call', params: { ...tool, _meta: { [keyMeta]: key } } };
  const cancel = (by: 'admin' | 'developer') =>
    sendMessage(stack.url, {
      key: keyOf(by),
      method: 'notifications/cancelled',
      params: { requestId: 5, _meta: { [keyMeta]: key } },
      id: undefined,
    });
  const outcome = async () => (await readMessage(await sendMessage(stack.url, call))).result._meta['io.aos/outcome'];
  expect(await outcome()).toBe('pending');
  expect((await cancel('admin')).status).toBe(202);
  expect(await outcome()).toBe('pending');
  expect((await cancel('developer')).status).toBe(202);
  await until(async () => (await outcome()) === 'refused', { what: 'the call taken back' });
});

it('takes a request state from the caller it was made for, unchanged', async () => {
  const capabilities = { elicitation: { form: {} } };
  const call = { key: keyOf('developer'), method: 'tools/call', params: tool, capabilities };
  const { result } = await readMessage(await sendMessage(stack.url, call));
  expect(result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
  const state = result.requestState as string;
  const inputResponses = { approval: { action: 'accept', content: { next: 'check' } } };
  const back = async (by: 'admin' | 'developer', requestState: unknown) =>
    readMessage(
      await sendMessage(stack.url, { ...call, key: keyOf(by), params: { ...tool, requestState, inputResponses } }),
    );
  const refused = { error: { code: -32_602 } };
  expect(await back('admin', state)).toMatchObject(refused);
  const [keyId, version, body, mac] = state.split('.');
  const other = Buffer.from(
    Buffer.from(body ?? '', 'base64url')
      .toString()
      .replace('inv_', 'inv-'),
  ).toString('base64url');
  expect(await back('developer', [keyId, version, other, mac].join('.'))).toMatchObject(refused);
  expect(await back('developer', 7)).toMatchObject(refused);
  expect((await back('developer', state)).result).toMatchObject({
    resultType: 'input_required',
    _meta: { 'io.aos/invocation-id': result._meta['io.aos/invocation-id'] },
  });
});
