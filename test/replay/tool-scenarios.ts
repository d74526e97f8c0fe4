import { freezeContext } from '../../contracts/execution-context';
import { serverWorkflowId } from '../../contracts/workflow-ids';
import type { ChangingServer } from '../support/changing-server';
import { invoke } from '../support/held-calls';
import { startServerWorkflow } from '../support/server-workflow';
import type { TestStack } from '../support/stack';
import { temporalCli } from '../support/temporal-cli';
import { registerToolServer } from '../support/tool-server';
import { until } from '../support/until';
import { tenantIdOf, untilEnded, type RecordedRun, type Scenario } from './recorded-run';

/** What the workflows of tool servers and of their calls do. */
export const toolScenarios: Readonly<Record<string, Scenario>> = {
  async 'tool-call'(stack, name) {
    const { call } = await aTool(stack, name);
    const { invocation_id: id } = await call('read_note');
    return callRun(stack, id);
  },

  async 'approved-tool-call'(stack, name) {
    const { call } = await aTool(stack, name);
    const { invocation_id: id, approval_id: approvalId } = await call('delete_note');
    const { key_id: keyId } = (await stack.api().post('/api-keys', { name, role: 'admin' })).body.data;
    const second = freezeContext({ ...stack.as('admin'), actor: { id: keyId, type: 'machine', keyId } });
    await stack.dispatch(second, 'tools.approvals.decide', {
      params: { approvalId, decision: 'approve', reason: 'recording' },
      idempotencyKey: name,
    });
    return callRun(stack, id);
  },

  async 'long-tool-call-cancelled'(stack, name, tools) {
    const { call } = await aTool(stack, name, tools.url());
    tools.isSilent = true;
    const asked = call('read_note');
    const run = await openCallRun(stack, name);
    await until(async () => {
      const { raw } = await stack.temporal.workflow.getHandle(run.workflowId).describe();
      return (raw.pendingActivities ?? []).length > 0;
    });
    await stack.temporal.workflow.getHandle(run.workflowId).cancel();
    await asked;
    tools.isSilent = false;
    await untilEnded(stack, run);
    return run;
  },

  async 'tool-server'(stack, name, tools) {
    tools.isDown = true;
    const { serverId, statusIs, look } = await registerServer(stack, name, tools);
    await statusIs('error');
    tools.isDown = false;
    await look();
    await statusIs('active');
    await stack.api().send('POST', `/integrations/mcp-servers/${serverId}/discover`);
    const run = await serverRun(stack, serverId);
    await stack.api().delete(`/integrations/mcp-servers/${serverId}`);
    await untilEnded(stack, run);
    return run;
  },

  async 'tool-server-continued-as-new'(stack, name, tools) {
    const { serverId, statusIs } = await registerServer(stack, name, tools);
    await statusIs('active');
    await stack.api().put(`/integrations/mcp-servers/${serverId}`, { suspended: true });
    await untilEnded(stack, await serverRun(stack, serverId));
    // In use again by the row alone, so that nobody else starts its workflow.
    await stack.owner.query(`update mcp_servers set status = 'active' where server_id = $1`, [serverId]);
    const input = { serverId, healthyMs: 20, historyEventsMax: 20 };
    await startServerWorkflow(stack, { input, context: stack.as('admin') });
    const run = await serverRun(stack, serverId);
    await untilEnded(stack, run);
    await stack.api().delete(`/integrations/mcp-servers/${serverId}`);
    return run;
  },

  async 'tool-server-killed'(stack, name, tools) {
    tools.isSilent = true;
    const asked = tools.requests.length;
    const { serverId } = await registerServer(stack, name, tools);
    await until(() => tools.requests.length > asked);
    const run = await serverRun(stack, serverId);
    await temporalCli('workflow', 'signal', '--workflow-id', run.workflowId, '--name', 'kill');
    await untilEnded(stack, run);
    tools.isSilent = false;
    return run;
  },
};

async function registerServer(stack: TestStack, name: string, tools: ChangingServer) {
  const api = stack.api();
  const { body } = await api.post('/integrations/mcp-servers', { name, url: tools.url() });
  const serverId = body.data.server_id as string;
  const workflowId = serverWorkflowId(tenantIdOf(stack), serverId);
  const payload = { serverId, requester: stack.as('admin') };
  return {
    serverId,
    statusIs: (status: string) =>
      until(async () => (await api.get(`/integrations/mcp-servers/${serverId}`)).body.data.status === status),
    look: () => stack.worker.engine.deliver({ topic: 'server.look', workflowId, payload }),
  };
}

async function serverRun(stack: TestStack, serverId: string): Promise<RecordedRun> {
  const workflowId = serverWorkflowId(tenantIdOf(stack), serverId);
  const { runId } = await stack.temporal.workflow.getHandle(workflowId).describe();
  return { workflowId, runId };
}

/** A server; where it is not there, its calls end as failed, and nothing was sent. */
async function aTool(stack: TestStack, name: string, url = `https://${name}.example/mcp`) {
  const api = stack.api();
  const server = await registerToolServer(stack, { name, url });
  const conditions = { tool_rules: [{ effect: 'allow', servers: [name] }] };
  const made = await api.post('/policies', { name, enforcement_mode: 'BLOCK', conditions });
  await api.post(`/policies/${made.body.data.policy_id}/lifecycle`, { target: 'ACTIVE', reason: 'recording' });
  const developer = stack.api('developer');
  return {
    call: async (tool: string) => {
      const asked = { tool, input: { id: 'a' }, key: `${name}/${tool}` };
      return (await invoke(developer, server, asked)).body.data as { invocation_id: string; approval_id: string };
    },
  };
}

/** The run of the call that is under way at the server. */
async function openCallRun(stack: TestStack, serverName: string): Promise<RecordedRun> {
  let workflowId = '';
  await until(async () => {
    const { rows } = await stack.owner.query(
      `select c.workflow_id from mcp_tool_calls c join mcp_servers s using (server_id)
        where s.name = $1 and c.state = 'dispatched'`,
      [serverName],
    );
    workflowId = rows[0]?.workflow_id ?? '';
    return workflowId !== '';
  });
  return { workflowId, runId: (await stack.temporal.workflow.getHandle(workflowId).describe()).runId };
}

/** The run of a call, once it has ended. */
async function callRun(stack: TestStack, invocationId: string): Promise<RecordedRun> {
  const { rows } = await stack.owner.query(`select workflow_id from mcp_tool_calls where invocation_id = $1`, [
    invocationId,
  ]);
  const handle = stack.temporal.workflow.getHandle(rows[0].workflow_id);
  await handle.result();
  return { workflowId: handle.workflowId, runId: (await handle.describe()).runId };
}
