import { callsByOperation } from '../support/calls-by-operation';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';
import { registerToolServer, toolDefinitions, type RegisteredServer } from '../support/tool-server';

let core: TestOperations;
let server: RegisteredServer;
let calls: ReturnType<typeof callsByOperation>;
beforeAll(async () => {
  core = await startTestOperations();
  server = await registerToolServer(core, { name: 'notes', url: 'https://notes.example/mcp' });
  calls = callsByOperation(core, server);
  await activate({ tool_rules: [{ effect: 'allow' }] });
  await mark(true);
});
afterAll(() => core?.stop());

const run = (name: string, params: unknown) =>
  core.dispatch(core.as('admin'), name as never, { params, idempotencyKey: newKey() } as never) as Promise<unknown>;

async function activate(conditions: object): Promise<string> {
  const policy = { name: newKey(), enforcement_mode: 'BLOCK', conditions };
  const { policyId } = (await run('policies.create', policy)) as { policyId: string };
  await run('policies.lifecycle', { policyId, target: 'ACTIVE', reason: 'test' });
  return policyId;
}

const retire = (policyId: string) => run('policies.lifecycle', { policyId, target: 'RETIRED', reason: 'test' });
const mark = (isSafe: boolean) =>
  run('tools.change', {
    serverId: server.serverId,
    toolId: server.tools.read_note,
    change: { retry_safe: isSafe },
  });
const kill = (enabled: boolean) =>
  run('governance.switches.change', { scope: 'tenant', kind: 'kill', enabled, reason: 'test' });

async function outcomesOf(intentId: string): Promise<string[]> {
  const { rows } = await core.owner.query(
    `select outcome || ' ' || first as said from effect_outcomes where intent_id = $1 order by id`,
    [intentId],
  );
  return rows.map(({ said }) => said as string);
}

async function rowOf(invocationId: string): Promise<Record<string, unknown>> {
  const { rows } = await core.owner.query(
    'select state, outcome, intent_id, input, input_preview from mcp_tool_calls where invocation_id = $1',
    [invocationId],
  );
  return rows[0] as Record<string, unknown>;
}

describe('the answer to an attempt that was made again', () => {
  it('resolves that attempt, and leaves the call to its last one', async () => {
    const first = await calls.dispatched('read_note');
    const second = await calls.again(first);
    const { invocationId } = first;
    const open = { state: 'dispatched', outcome: null };
    expect(await calls.settle(invocationId, first.intentId, { outcome: 'unknown' })).toEqual(open);
    expect(await outcomesOf(first.intentId)).toEqual(['unknown true']);
    expect(await calls.settle(invocationId, first.intentId, { outcome: 'failed' })).toEqual(open);
    expect(await outcomesOf(first.intentId)).toEqual(['unknown true', 'failed false']);
    expect(await rowOf(invocationId)).toMatchObject({ ...open, intent_id: second.intentId });

    const succeeded = { state: 'settled', outcome: 'succeeded' };
    expect(await calls.settle(invocationId, second.intentId, { outcome: 'succeeded' })).toEqual(succeeded);
    expect(await calls.settle(invocationId, first.intentId, { outcome: 'failed' })).toEqual(succeeded);
    expect(await outcomesOf(second.intentId)).toEqual(['succeeded true']);
    expect(await rowOf(invocationId)).toMatchObject(succeeded);
  });

  it('is refused under an intent that was never one of the call', async () => {
    const { invocationId } = await calls.dispatched('read_note');
    const settled = calls.settle(invocationId, '00000000-0000-4000-8000-000000000000', { outcome: 'succeeded' });
    await expect(settled).rejects.toMatchObject({ reason: 'INVALID_STATE' });
  });
});

describe('another attempt', () => {
  it('is not made once the mark was taken away', async () => {
    const first = await calls.dispatched('read_note');
    await mark(false);
    expect(await calls.again(first)).toMatchObject({ started: false });
    await mark(true);
    expect(await rowOf(first.invocationId)).toMatchObject({ intent_id: first.intentId });
  });

  it('is refused under a kill, and after it', async () => {
    const first = await calls.dispatched('read_note');
    await kill(true);
    await expect(calls.again(first)).rejects.toMatchObject({ reason: 'SWITCH_ENGAGED' });
    await kill(false);
    await expect(calls.again(first)).rejects.toMatchObject({ code: 'action_blocked' });
    expect(await outcomesOf(first.intentId)).toEqual([]);
  });

  it.each([
    ['denies', [{ effect: 'deny', tools: ['read_note'] }]],
    ['holds', [{ effect: 'require_approval', tools: ['read_note'] }]],
  ])('is refused where a policy %s it by now', async (_what, rules) => {
    const first = await calls.dispatched('read_note');
    const policyId = await activate({ tool_rules: rules });
    await expect(calls.again(first)).rejects.toMatchObject({ reason: 'POLICY_DENIED' });
    await retire(policyId);
    expect(await outcomesOf(first.intentId)).toEqual([]);
  });

  it('hides what a policy names since the one before, and is not kept', async () => {
    const first = await calls.dispatched('read_note');
    expect(await rowOf(first.invocationId)).toMatchObject({ input_preview: '{"id":"a"}' });
    const policyId = await activate({ tool_redactions: [{ tools: ['read_note'], input: ['$.id'] }] });
    const { intentId } = await calls.again(first);
    await retire(policyId);
    await calls.settle(first.invocationId, intentId, { outcome: 'succeeded' });
    expect(await rowOf(first.invocationId)).toMatchObject({ input: null, input_preview: '{"id":"[redacted]"}' });
  });

  it('is refused once the definition has drifted', async () => {
    const first = await calls.dispatched('read_note');
    const discovery = {
      ...{ protocol_version: '2025-11-25', capabilities: ['tools'], server_info: { name: 'notes', version: '1' } },
      ...{ latency_ms: 1, resource_count: 0, prompt_count: 0, rejected: [] },
      tools: toolDefinitions.map((tool) => ({ ...tool, description: 'another' })),
    };
    await run('tools.servers.record_discovery', { serverId: server.serverId, discovery });
    expect(await calls.again(first)).toMatchObject({ started: false });
  });
});
