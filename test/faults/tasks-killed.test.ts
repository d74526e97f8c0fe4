import { anActivePolicy } from '../support/active-policy';
import { readMessage, sendMessage } from '../support/agent';
import { ApiClient } from '../support/api-client';
import { decideCall } from '../support/held-calls';
import { startProcessStack, type ProcessStack } from '../support/process-stack';
import { registerToolServer, startToolServer, type ToolServer } from '../support/tool-server';
import { until } from '../support/until';

let upstream: ToolServer;
let stack: ProcessStack;
/** Of an administrator who stands behind no key that calls. */
let decider: string;
let url: string;
let lives: readonly { kill(): Promise<void> }[];
beforeAll(async () => {
  upstream = await startToolServer();
  stack = await startProcessStack();
  await registerToolServer(stack, { name: 'notes', url: upstream.url });
  await start();
  await anActivePolicy(stack.api(), 'notes', { tool_rules: [{ effect: 'allow', servers: ['notes'] }] });
  decider = (await stack.api().post('/api-keys', { name: 'second', role: 'admin' })).body.data.key;
});
afterAll(async () => {
  upstream?.release();
  await stack?.stop();
  await upstream?.close();
});

async function start(): Promise<void> {
  const env = { AOS_EGRESS_ALLOW: upstream.host };
  const [api, worker] = await Promise.all([stack.startApi({ env }), stack.startWorker({ env })]);
  url = api.url;
  lives = [api, worker];
}

async function killAll(): Promise<void> {
  await Promise.all(lives.map((each) => each.kill()));
}

async function ask(method: string, params: Record<string, unknown>) {
  const { tenants } = stack.keys;
  const headers = typeof params.taskId === 'string' ? { 'mcp-name': params.taskId } : {};
  const capabilities = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
  const key = tenants[0]?.developer_key ?? '';
  return (await readMessage(await sendMessage(url, { key, method, params, headers, capabilities }))).result;
}

const call = (tool: string, key: string) =>
  ask('tools/call', { name: `notes__${tool}`, arguments: {}, _meta: { 'io.aos/idempotency-key': key } });
const taskOf = (taskId: string) => ask('tasks/get', { taskId });
const sent = (tool: string) => upstream.calls.filter((each) => each.tool === tool).length;

async function endOf(taskId: string) {
  let task = await taskOf(taskId);
  await until(async () => (task = await taskOf(taskId)).status !== 'working', { what: 'the end of the task' });
  return task;
}

test('a task that waits for people is the same task after kill -9 of API and worker, and its call is sent once', async () => {
  const made = await call('delete_note', 'waits');
  expect(made).toMatchObject({ resultType: 'task', status: 'working' });
  const { taskId, _meta } = made;
  const approvalId = _meta['io.aos/approval-id'];
  await killAll();
  await start();
  expect(await taskOf(taskId)).toMatchObject({
    ...{ taskId, status: 'working', createdAt: made.createdAt, _meta: { 'io.aos/approval-id': approvalId } },
  });
  expect(await call('delete_note', 'waits')).toMatchObject({ resultType: 'task', taskId });
  expect(sent('delete_note')).toBe(0);
  expect(await decideCall(new ApiClient(url, decider), { approvalId })).toMatchObject({ status: 200 });
  const done = {
    ...{ taskId, status: 'completed' },
    result: { content: [{ type: 'text', text: 'deleted' }], _meta: { 'io.aos/outcome': 'succeeded' } },
  };
  expect(await endOf(taskId)).toMatchObject(done);
  await killAll();
  await start();
  expect(await taskOf(taskId)).toMatchObject(done);
  expect(sent('delete_note')).toBe(1);
});

test('a task whose tool is at work ends as unknown after kill -9 of API and worker, and nothing is sent again', async () => {
  const { taskId, status } = await call('read_slowly', 'works');
  expect(status).toBe('working');
  // A call that takes long is answered with its task, be it sent by then or not.
  await until(() => sent('read_slowly') === 1, { what: 'the call at its tool' });
  await killAll();
  await start();
  const unknown = {
    ...{ taskId, status: 'completed' },
    result: { isError: true, _meta: { 'io.aos/outcome': 'unknown' } },
  };
  expect(await endOf(taskId)).toMatchObject(unknown);
  upstream.release();
  // The same call again is told what became of it.
  expect(await call('read_slowly', 'works')).toMatchObject(unknown.result);
  expect(await taskOf(taskId)).toMatchObject(unknown);
  expect(sent('read_slowly')).toBe(1);
});
