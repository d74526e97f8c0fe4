import { toolCallWorkflowId } from '../../operations/tools/calls/call-id';
import { anActivePolicy } from '../support/active-policy';
import { readMessage, sendMessage } from '../support/agent';
import { aSecondAdmin } from '../support/second-admin';
import { startTestStack, type TestStack } from '../support/stack';
import { registerToolServer, startToolServer, type ToolServer } from '../support/tool-server';
import { until } from '../support/until';

const tasks = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
let server: ToolServer;
let stack: TestStack;
let decide: Awaited<ReturnType<typeof aSecondAdmin>>;
beforeAll(async () => {
  server = await startToolServer();
  stack = await startTestStack({ egressAllow: [server.host] });
  await registerToolServer(stack, { name: 'notes', url: server.url });
  await anActivePolicy(stack.api(), 'notes', { tool_rules: [{ effect: 'allow', servers: ['notes'] }] });
  decide = await aSecondAdmin(stack);
});
afterAll(async () => {
  server?.release();
  await stack?.stop();
  await server?.close();
});

const keyOf = (role: 'admin' | 'developer' = 'developer', tenant: 0 | 1 = 0) =>
  stack.keys.tenants[tenant]?.[`${role}_key`] ?? '';

interface Asked {
  readonly key?: string;
  readonly capabilities?: object;
  readonly era?: 'modern' | 'older';
}

// As the revision writes in headers what they cannot hold.
const named = (id: string) => (/^[!-~]+$/.test(id) ? id : `=?base64?${Buffer.from(id).toString('base64')}?=`);

async function ask(method: string, params: Record<string, unknown>, { key = keyOf(), ...more }: Asked = {}) {
  const headers = typeof params.taskId === 'string' ? { 'mcp-name': named(params.taskId) } : {};
  return readMessage(await sendMessage(stack.url, { key, method, params, capabilities: tasks, headers, ...more }));
}

const call = (name: string, args: object, idempotencyKey: string, more: Asked = {}) =>
  ask(
    'tools/call',
    { name: `notes__${name}`, arguments: args, _meta: { 'io.aos/idempotency-key': idempotencyKey } },
    more,
  );
const taskOf = async (taskId: string, more: Asked = {}) => ask('tasks/get', { taskId }, more);

it('says that it knows tasks, to clients of the revision that has them', async () => {
  const { result } = await ask('server/discover', {});
  expect(result.capabilities.extensions).toEqual(tasks.extensions);
  const older = await ask(
    'initialize',
    { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } },
    { era: 'older' },
  );
  expect(older.result.capabilities.extensions).toBeUndefined();
});

it('gives a call that waits for people as a task, until it is decided and carried out', async () => {
  const { result: made } = await call('delete_note', { id: 'a' }, 'waits');
  const { tenantId, actor } = stack.as('developer');
  expect(made).toMatchObject({
    ...{ resultType: 'task', status: 'working', ttlMs: null, pollIntervalMs: 10_000 },
    taskId: toolCallWorkflowId(tenantId, actor.id, 'waits'),
    statusMessage: expect.stringContaining('waits for approval apr_'),
    _meta: { 'io.aos/idempotency-key': 'waits', 'io.aos/outcome': 'pending' },
  });
  expect(Date.parse(made.createdAt)).not.toBeNaN();
  expect((await taskOf(made.taskId)).result).toMatchObject({ resultType: 'complete', status: 'working' });
  expect(server.calls).toEqual([]);
  await decide(made._meta['io.aos/approval-id'], 'approve');
  await until(async () => (await taskOf(made.taskId)).result.status !== 'working');
  const { result } = await taskOf(made.taskId);
  expect(result).toMatchObject({
    ...{ resultType: 'complete', status: 'completed', taskId: made.taskId, ttlMs: null },
    result: { content: [{ type: 'text', text: 'deleted' }], _meta: { 'io.aos/outcome': 'succeeded' } },
  });
  expect(Date.parse(result.lastUpdatedAt)).toBeGreaterThanOrEqual(Date.parse(result.createdAt));
  // The call itself is still the call of its key.
  expect((await call('delete_note', { id: 'a' }, 'waits')).result).toMatchObject({
    content: [{ type: 'text', text: 'deleted' }],
  });
  expect(server.calls).toHaveLength(1);
});

it('gives a denied call as a completed task, whose result says so', async () => {
  const { result: made } = await call('delete_note', { id: 'b' }, 'denied');
  await decide(made._meta['io.aos/approval-id'], 'deny');
  await until(async () => (await taskOf(made.taskId)).result.status !== 'working');
  expect((await taskOf(made.taskId)).result).toMatchObject({
    status: 'completed',
    result: { isError: true, _meta: { 'io.aos/outcome': 'refused', 'io.aos/reason': 'approval_denied' } },
  });
});

it('takes a call back that was not sent yet', async () => {
  const { result: made } = await call('delete_note', { id: 'c' }, 'taken-back');
  expect((await ask('tasks/cancel', { taskId: made.taskId })).result).toMatchObject({
    resultType: 'complete',
    _meta: { 'io.aos/outcome': 'refused', 'io.aos/reason': 'withdrawn' },
  });
  expect((await taskOf(made.taskId)).result).toMatchObject({ status: 'cancelled' });
  // Once more changes nothing.
  expect((await ask('tasks/cancel', { taskId: made.taskId })).result).toMatchObject({ resultType: 'complete' });
  await expect(decide(made._meta['io.aos/approval-id'], 'approve')).rejects.toMatchObject({ reason: 'INVALID_STATE' });
  expect(server.calls.filter(({ input }) => (input as { id?: string }).id === 'c')).toEqual([]);
});

it('lets a call that was sent go on, and says so', async () => {
  const { result: made } = await call('read_slowly', {}, 'slow');
  expect(made).toMatchObject({ resultType: 'task', status: 'working', pollIntervalMs: 2_000 });
  await until(() => server.calls.some(({ tool }) => tool === 'read_slowly'), { what: 'the call at the server' });
  expect((await ask('tasks/cancel', { taskId: made.taskId })).result).toMatchObject({
    _meta: { 'io.aos/outcome': 'running' },
  });
  expect((await taskOf(made.taskId)).result.status).toBe('working');
  server.release();
  await until(async () => (await taskOf(made.taskId)).result.status === 'completed');
  expect((await taskOf(made.taskId)).result.result.content).toEqual([{ type: 'text', text: 'at last' }]);
});

it.each(['tasks/get', 'tasks/cancel', 'tasks/update'])('shows nobody the call of another: %s', async (method) => {
  const { result: made } = await call('delete_note', { id: 'd' }, `mine-${method.slice(6)}`);
  const params = { taskId: made.taskId, inputResponses: {} };
  const none = { code: -32_602, message: expect.stringContaining('no such task') };
  for (const key of [keyOf('admin'), keyOf('developer', 1)]) {
    expect((await ask(method, params, { key })).error).toMatchObject(none);
  }
  expect((await ask(method, { ...params, taskId: `${made.taskId}0` })).error).toMatchObject(none);
  expect((await taskOf(made.taskId)).result.status).toBe('working');
});

it.each(['tasks/get', 'tasks/cancel', 'tasks/update'])('finds no task under what is no id: %s', async (method) => {
  for (const taskId of ['', '\u0000', 'x'.repeat(257)]) {
    expect((await ask(method, { taskId, inputResponses: {} })).error).toMatchObject({ code: -32_602 });
  }
});

it('asks nothing of the client, so an update changes nothing', async () => {
  const { result: made } = await call('delete_note', { id: 'e' }, 'updated');
  const inputResponses = { approval: { action: 'accept', content: { next: 'approve' } } };
  expect((await ask('tasks/update', { taskId: made.taskId, inputResponses })).result).toEqual({
    resultType: 'complete',
    _meta: expect.anything(),
  });
  expect((await taskOf(made.taskId)).result.status).toBe('working');
});

it('gives no task to a client that does not declare them, and answers it nothing about one', async () => {
  const { result } = await call('delete_note', { id: 'f' }, 'undeclared', { capabilities: {} });
  expect(result.resultType).not.toBe('task');
  const taskId = toolCallWorkflowId(stack.as('developer').tenantId, stack.as('developer').actor.id, 'undeclared');
  expect((await taskOf(taskId, { capabilities: {} })).error).toMatchObject({
    code: -32_021,
    data: { requiredCapabilities: tasks },
  });
  expect((await taskOf(taskId, { era: 'older' })).error).toMatchObject({ code: -32_601 });
  expect((await taskOf(taskId)).result.status).toBe('working');
});
