import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { createEngine } from '../../client/engine';
import { boxWith } from '../../vault';
import { startApprovalsStack, type ApprovalsStack } from '../support/approvals-stack';
import { decideCall, endOfCall, holdCall } from '../support/held-calls';
import { newKey } from '../support/operations';
import { untilDiscovered } from '../support/tool-discoveries';
import { toolDefinitions } from '../support/tool-server';
import { until } from '../support/until';

let at: ApprovalsStack;
beforeAll(async () => {
  at = await startApprovalsStack();
});
afterAll(() => at?.stop());

describe('a call that waits', () => {
  let server: Awaited<ReturnType<ApprovalsStack['aServer']>>;
  beforeEach(async () => {
    server = await at.aServer();
  });

  async function expectRefused(call: Awaited<ReturnType<typeof holdCall>>, errorCode: string, id: string) {
    const end = await endOfCall(at.admin(), call);
    expect(end).toMatchObject({ outcome: 'refused', error_code: errorCode, effect: null });
    expect(end.evidence).toMatchObject([{ outcome: 'refused', policy_decision: 'blocked', error_code: errorCode }]);
    expect(await call.again()).toMatchObject({ status: 200, body: { data: { status: 'refused' } } });
    expect(at.sent(id)).toBe(0);
    return end;
  }

  it('ends as refused when one person denies it', async () => {
    const input = at.fresh();
    const call = await holdCall(at.developer(), server, { input });
    await decideCall(at.judge, call, 'deny');
    await expectRefused(call, 'approval_denied', input.id);
    expect(await decideCall(await at.anotherAdmin(), call)).toMatchObject({
      status: 409,
      body: { error: { reason: 'INVALID_STATE' } },
    });
  });

  it('is known to run to whoever asks for many calls at once, until it has ended', async () => {
    const call = await holdCall(at.developer(), server);
    const { rows } = await at.stack.owner.query<{ id: string }>(
      `select workflow_id as id from mcp_tool_calls where invocation_id = $1`,
      [call.invocationId],
    );
    const id = rows[0]?.id ?? '';
    const { engine } = at.stack.worker;
    // As many as are asked for at once, under ids as long as ours.
    const others = Array.from({ length: 199 }, (_, n) => `tool:o'neill:\\${String(n).padStart(64, '0')}`);
    const running = () => engine.listRunning([id, ...others]);
    await until(async () => (await running()).size === 1, { what: 'the index to have it' });
    expect(await running()).toEqual(new Set([id]));
    await decideCall(at.judge, call, 'deny');
    await until(async () => (await running()).size === 0, { what: 'the index to have its end' });
  });

  it('cannot be decided when its time is over', async () => {
    const call = await holdCall(at.developer(), server);
    await at.stack.owner.query(
      `update mcp_tool_approvals set expires_at = now() - interval '1 second' where approval_id = $1`,
      [call.approvalId],
    );
    expect(await decideCall(at.judge, call)).toMatchObject({
      status: 403,
      body: { error: { code: 'tool_blocked', reason: 'approval_expired' } },
    });
  });

  it('ends as refused when nobody decides in time', async () => {
    const input = at.fresh();
    const invocationId = `inv_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const workflowId = `tool:test:${invocationId}`;
    const context = at.stack.as('developer');
    // Taken on without the API, so that the test may start the workflow with a shorter wait.
    const { start } = await at.stack.dispatch(context, 'tools.calls.request', {
      params: {
        ...{ invocationId, workflowId, serverId: server.serverId, toolId: server.tools['read_note'] ?? '' },
        arguments: input,
        sealedArguments: Buffer.from('not read').toString('base64'),
      },
      idempotencyKey: newKey(),
    });
    const engine = createEngine({
      connection: at.stack.temporal.connection,
      namespace: 'default',
      taskQueue: at.stack.taskQueue,
    });
    await engine.startToolCall({ workflowId, payload: { ...start!, call: { ...start!.call, waitMs: 1 } } });
    const callPath = `/integrations/mcp-servers/${server.serverId}/invocations/${invocationId}`;
    const end = await endOfCall(at.admin(), { path: callPath });
    expect(end).toMatchObject({
      ...{ outcome: 'refused', error_code: 'approval_expired', approval: { decision: 'expired', votes: [] } },
      evidence: [{ outcome: 'refused', policy_decision: 'blocked' }],
    });
    expect(await at.eventsOf(end.approval.approval_id, 'tool_approval_ended')).toMatchObject([
      { evidence: { decision: 'expired' } },
    ]);
    expect(at.sent(input.id)).toBe(0);
  });

  it('is refused when a policy denies it by then', async () => {
    const input = at.fresh();
    const call = await holdCall(at.developer(), server, { input });
    await at.activate({ tool_rules: [{ effect: 'deny', servers: [server.name] }] });
    await decideCall(at.judge, call);
    await expectRefused(call, 'POLICY_DENIED', input.id);
  });

  it('is refused when more people have to approve by then', async () => {
    const input = at.fresh();
    const call = await holdCall(at.developer(), server, { input });
    await at.activate({ tool_rules: [{ effect: 'require_approval', servers: [server.name], approvers: 2 }] });
    await decideCall(at.judge, call);
    await expectRefused(call, 'POLICY_DENIED', input.id);
  });

  it('goes on under other policies that still allow it, and both snapshots are on record', async () => {
    const call = await holdCall(at.developer(), server);
    await at.activate({ tool_rules: [{ effect: 'deny', servers: ['elsewhere'] }] });
    await decideCall(at.judge, call);
    const { outcome, decision } = await endOfCall(at.admin(), call);
    const snapshots = [decision.policy_snapshot_id, decision.policy_snapshot_at_start];
    expect({ outcome, count: new Set(snapshots).size }).toEqual({ outcome: 'succeeded', count: 2 });
    expect(await at.eventsOf(call.invocationId, 'tool_invocation_started')).toMatchObject([
      { evidence: { snapshot_at_request: snapshots[0] }, policy_snapshot_id: snapshots[1] },
    ]);
  });

  it('is refused when its caller may not call any more', async () => {
    const input = at.fresh();
    const agent = await at.aKey('agent');
    const call = await holdCall(agent, server, { input });
    await at.admin().delete(`/api-keys/${agent.id}`);
    await decideCall(at.judge, call);
    const end = await endOfCall(at.admin(), call);
    expect({ outcome: end.outcome, evidence: end.evidence.length, sent: at.sent(input.id) }).toEqual({
      ...{ outcome: 'refused', evidence: 1, sent: 0 },
    });
  });

  async function describeAnew(tool: string): Promise<void> {
    const discovery = {
      ...{
        protocol_version: '2025-11-25',
        capabilities: ['tools' as const],
        server_info: { name: 'notes', version: '1' },
        rejected: [],
      },
      ...{ latency_ms: 1, resource_count: 0, prompt_count: 0 },
      tools: toolDefinitions.map((each) =>
        each.name === tool ? { ...each, description: 'does something else' } : each,
      ),
    };
    await at.stack.dispatch(at.stack.as('admin'), 'tools.servers.record_discovery', {
      params: { serverId: server.serverId, discovery } as never,
      idempotencyKey: newKey(),
    });
  }

  it('is refused when its tool is described otherwise by then, also when that was approved', async () => {
    const [suspended, approved] = [at.fresh(), at.fresh()];
    const calls = [
      await holdCall(at.developer(), server, { input: suspended }),
      await holdCall(at.developer(), server, { input: approved }),
    ];
    // Its own look would find the definition that is pinned, and put the tool back to use.
    await untilDiscovered(at.stack.owner, server.serverId);
    await describeAnew('read_note');
    await decideCall(at.judge, calls[0]!);
    await expectRefused(calls[0]!, 'tool_definition_changed', suspended.id);
    const { rows } = await at.stack.owner.query(`select tool_id, seen_hash from mcp_tools where tool_id = $1`, [
      server.tools['read_note'],
    ]);
    await at.stack.dispatch(at.stack.as('admin'), 'tools.servers.approve_definitions', {
      params: { serverId: server.serverId, tools: rows, reason: 'test' },
      idempotencyKey: newKey(),
    });
    await decideCall(at.judge, calls[1]!);
    await expectRefused(calls[1]!, 'tool_definition_changed', approved.id);
  });

  it('ends as killed by a kill of its server, and stays so when the kill is over', async () => {
    const input = at.fresh();
    const call = await holdCall(at.developer(), server, { input });
    const kill = { scope: 'server', scope_id: server.serverId, reason: 'drill' };
    expect(await at.admin().post('/governance/kill-switch', { ...kill, enabled: true })).toMatchObject({ status: 200 });
    expect(await endOfCall(at.admin(), call)).toMatchObject({ outcome: 'killed', effect: null });
    await at.admin().post('/governance/kill-switch', { ...kill, enabled: false });
    expect(await decideCall(at.judge, call)).toMatchObject({ status: 409 });
    expect(await call.again()).toMatchObject({ status: 200, body: { data: { status: 'killed' } } });
    expect(at.sent(input.id)).toBe(0);
  });

  it('is taken back by who made it, and by nobody else', async () => {
    const input = at.fresh();
    const call = await holdCall(at.developer(), server, { input });
    expect(await at.admin().post(`${call.path}/withdraw`)).toMatchObject({ status: 404 });
    expect(await at.developer().post(`${call.path}/withdraw`)).toMatchObject({
      status: 200,
      body: { data: { invocation_id: call.invocationId, outcome: 'refused' } },
    });
    const end = await expectRefused(call, 'withdrawn', input.id);
    expect(end.approval).toMatchObject({ decision: 'withdrawn' });
    expect(await at.developer().post(`${call.path}/withdraw`)).toMatchObject({ status: 409 });
    expect(await decideCall(at.judge, call)).toMatchObject({ status: 409 });
  });

  it('goes out once on its approval, whatever is written into its row', async () => {
    const input = at.fresh();
    const call = await holdCall(at.developer(), server, { input });
    await decideCall(at.judge, call);
    await endOfCall(at.admin(), call);
    await at.stack.owner.query(
      `update mcp_tool_calls set state = 'pending', outcome = null, settled_at = null where invocation_id = $1`,
      [call.invocationId],
    );
    const again = at.stack.dispatch(at.stack.as('developer'), 'tools.calls.start', {
      params: {
        ...{ invocationId: call.invocationId, serverId: server.serverId },
        ...{ intentId: randomUUID(), arguments: input },
      },
      idempotencyKey: '',
    });
    await expect(again).rejects.toMatchObject({ code: 'invalid_state', message: 'the approval is used up' });
  });

  it('is refused when other arguments are put into its row', async () => {
    const [input, other] = [at.fresh(), at.fresh()];
    const call = await holdCall(at.developer(), server, { input });
    const tenantId = at.stack.as('developer').tenantId;
    const box = boxWith(path.join(at.stack.folder, 'master.key'));
    const sealed = await box.seal(tenantId, call.invocationId, Buffer.from(JSON.stringify(other)));
    await at.stack.owner.query(`update mcp_tool_calls set input = $2 where invocation_id = $1`, [
      call.invocationId,
      sealed,
    ]);
    await decideCall(at.judge, call);
    await expectRefused(call, 'INVALID_STATE', input.id);
    expect(at.sent(other.id)).toBe(0);
  });

  it('is not at.sent when the arguments in its row cannot be opened', async () => {
    const calls = [at.fresh(), at.fresh()].map((input) => ({
      input,
      held: holdCall(at.developer(), server, { input }),
    }));
    const [call, other] = await Promise.all(calls.map(({ held }) => held));
    await at.stack.owner.query(
      `update mcp_tool_calls set input = (select input from mcp_tool_calls where invocation_id = $2)
        where invocation_id = $1`,
      [call?.invocationId, other?.invocationId],
    );
    await decideCall(at.judge, call!);
    expect(await endOfCall(at.admin(), call!)).toMatchObject({ outcome: 'failed', effect: null });
    expect(calls.map(({ input }) => at.sent(input.id))).toEqual([0, 0]);
  });
});
