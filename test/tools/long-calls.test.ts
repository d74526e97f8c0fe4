import { anActivePolicy } from '../support/active-policy';
import { invoke as invokeAs } from '../support/held-calls';
import { newKey } from '../support/operations';
import { startTestStack, type TestStack } from '../support/stack';
import { temporalCli } from '../support/temporal-cli';
import { registerToolServer, startToolServer, type RegisteredServer, type ToolServer } from '../support/tool-server';
import { until } from '../support/until';

let server: ToolServer;
let stack: TestStack;
let notes: RegisteredServer;
beforeAll(async () => {
  server = await startToolServer();
  stack = await startTestStack({ egressAllow: [server.host] });
  notes = await registerToolServer(stack, { name: 'notes', url: server.url });
  await anActivePolicy(stack.api(), 'p', { tool_rules: [{ effect: 'allow' }] });
});
afterAll(async () => {
  await stack?.stop();
  await server?.close();
});

/** A call that its server holds, from when an activity of the process waits for it. */
async function awaitedCall() {
  const before = server.calls.length;
  const key = newKey();
  const ask = () => invokeAs(stack.api('developer'), notes, { tool: 'read_slowly', input: {}, key });
  const asked = ask();
  await until(() => server.calls.length === before + 1, { what: 'the call at the server' });
  const { rows } = await stack.owner.query(
    `select workflow_id, invocation_id from mcp_tool_calls where state = 'dispatched'`,
  );
  const { workflow_id: workflowId, invocation_id: id } = rows[0];
  const handle = stack.temporal.workflow.getHandle(workflowId);
  await until(async () => (await pendingOf(workflowId)).includes('awaitCall'), { what: 'an activity that waits' });
  const path = `/integrations/mcp-servers/${notes.serverId}/invocations/${id}`;
  return { ...{ asked, ask, workflowId, handle }, shown: async () => (await stack.api().get(path)).body.data };
}

async function pendingOf(workflowId: string): Promise<string[]> {
  const { raw } = await stack.temporal.workflow.getHandle(workflowId).describe();
  return (raw.pendingActivities ?? []).map(({ activityType }) => activityType?.name ?? '');
}

const unknown = {
  ...{ outcome: 'unknown', effect: { status: 'unknown' } },
  evidence: [{ outcome: 'unknown', first: true }],
};

test('a cancelled workflow stops the call that it waits for, and says that its outcome is not known', async () => {
  const { asked, handle, shown } = await awaitedCall();
  await handle.cancel();
  expect(await asked).toMatchObject({ status: 200, body: { data: { status: 'unknown' } } });
  expect(await handle.result()).toEqual({ state: 'settled', outcome: 'unknown' });
  expect(await shown()).toMatchObject(unknown);
});

test('the kill signal by hand stops the call that a workflow waits for, and nothing sends it again', async () => {
  const before = server.calls.length;
  const { asked, ask, handle, workflowId, shown } = await awaitedCall();
  await temporalCli('workflow', 'signal', '--workflow-id', workflowId, '--name', 'kill');
  expect(await asked).toMatchObject({ status: 200, body: { data: { status: 'unknown' } } });
  await handle.result().catch(() => {});
  expect(await shown()).toMatchObject(unknown);
  expect(await ask()).toMatchObject({ status: 200, body: { data: { status: 'unknown' } } });
  expect(server.calls).toHaveLength(before + 1);
});

test('a call that takes long is sent once, and its process tells its workflow the end', async () => {
  const before = server.calls.length;
  const { asked, handle } = await awaitedCall();
  server.release();
  expect(await asked).toMatchObject({ status: 200, body: { data: { status: 'succeeded' } } });
  expect(await handle.result()).toEqual({ state: 'settled', outcome: 'succeeded' });
  expect(server.calls).toHaveLength(before + 1);
});
