import { forgetExpired } from '../../operations/maintenance/forget-expired';
import { reconcileCalls, type CallPort } from '../../operations/maintenance/reconcile-calls';
import { sweepEffects } from '../../operations/maintenance/sweep-effects';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { callsByOperation } from '../support/calls-by-operation';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';
import { registerToolServer, type RegisteredServer } from '../support/tool-server';

let core: TestOperations;
let system: Database;
let server: RegisteredServer;
let calls: ReturnType<typeof callsByOperation>;
beforeAll(async () => {
  core = await startTestOperations();
  system = createDatabase({ url: core.database.systemUrl, connectionsMax: 2, applicationName: 'test-calls' });
  server = await registerToolServer(core, { name: 'notes', url: 'https://notes.example/mcp' });
  calls = callsByOperation(core, server);
  const policy = { name: 'p', enforcement_mode: 'BLOCK', conditions: { tool_rules: [{ effect: 'allow' }] } };
  const { policyId } = (await run('policies.create', policy)) as { policyId: string };
  await run('policies.lifecycle', { policyId, target: 'ACTIVE', reason: 'test' });
});
afterAll(async () => {
  await system.destroy();
  await core.stop();
});

const run = (name: string, params: unknown) =>
  core.dispatch(core.as('admin'), name as never, { params, idempotencyKey: newKey() } as never) as Promise<unknown>;

async function rowOf(invocationId: string) {
  const { rows } = await core.owner.query(
    `select c.state, c.outcome, c.reason, c.input, (select array_agg(i.outcome || ' ' || i.first order by i.id)
      from mcp_tool_invocations i where i.invocation_id = c.invocation_id) as evidence,
      (select array_agg(o.outcome || ' ' || o.first order by o.id) from effect_outcomes o
        where o.intent_id = c.intent_id) as effects
      from mcp_tool_calls c where c.invocation_id = $1`,
    [invocationId],
  );
  return rows[0] as Record<string, unknown>;
}

/** An engine in which only what is started runs. */
function engine({ refuses = false } = {}) {
  const started: { workflowId: string; waitMs: number | undefined }[] = [];
  const asked = { together: 0, alone: 0 };
  const runs = (workflowId: string) => started.some((each) => each.workflowId === workflowId && !refuses);
  const port: CallPort = {
    async listRunning(workflowIds) {
      asked.together += 1;
      return new Set(workflowIds.filter((id) => runs(id)));
    },
    async isRunning(workflowId) {
      asked.alone += 1;
      return runs(workflowId);
    },
    startToolCall: async ({ workflowId, payload }) => void started.push({ workflowId, waitMs: payload.call.waitMs }),
  };
  return { started, asked, port };
}

async function age(invocationId: string, isDelivered = true): Promise<void> {
  await core.owner.query(
    `update mcp_tool_calls set requested_at = now() - interval '2 minutes' where invocation_id = $1`,
    [invocationId],
  );
  if (isDelivered) await core.owner.query(`update event_outbox set published_at = now() where published_at is null`);
}

describe('an open call without a workflow', () => {
  it('is left to its message while that waits, and started again when the engine has lost it', async () => {
    const { invocationId, workflowId } = await calls.aCall('read_note');
    const { started, port } = engine();
    await age(invocationId, false);
    await reconcileCalls(system, port, core.dispatch);
    expect(started).toEqual([]);
    await age(invocationId);
    await reconcileCalls(system, port, core.dispatch);
    expect(started).toEqual([{ workflowId, waitMs: undefined }]);
    await reconcileCalls(system, port, core.dispatch);
    expect(started).toHaveLength(1);
  });

  it('waits on for people, and no longer where they have decided', async () => {
    const { invocationId, workflowId } = await calls.aCall('delete_note');
    await age(invocationId);
    const before = engine();
    await reconcileCalls(system, before.port, core.dispatch);
    expect(before.started.find((each) => each.workflowId === workflowId)?.waitMs).toBeGreaterThan(0);
    await core.owner.query(
      `update mcp_tool_approvals set decision = 'approve', decided_at = now() where invocation_id = $1`,
      [invocationId],
    );
    const after = engine();
    await reconcileCalls(system, after.port, core.dispatch);
    expect(after.started.find((each) => each.workflowId === workflowId)).toEqual({ workflowId, waitMs: undefined });
  });

  it('is found among hundreds that wait for people by a request for each page of them', async () => {
    await core.owner.query(`update mcp_tools set max_calls_per_minute = 10000`);
    await core.owner.query(`delete from rate_limit_buckets`);
    for (let made = 0; made < 300; made += 1) await calls.aCall('delete_note');
    await core.owner.query(
      `update mcp_tool_calls set requested_at = now() - interval '2 minutes' where settled_at is null`,
    );
    await core.owner.query(`update event_outbox set published_at = now() where published_at is null`);
    const { rows } = await core.owner.query<{ n: number }>(
      `select count(*)::int as n from mcp_tool_calls where settled_at is null and requested_at < now() - interval '1 minute'`,
    );
    const open = rows[0]?.n ?? 0;
    const { started, asked, port } = engine();
    await reconcileCalls(system, port, core.dispatch);
    expect(started).toHaveLength(open);
    const pages = Math.ceil((open + 1) / 200);
    Object.assign(asked, { together: 0, alone: 0 });
    await reconcileCalls(system, port, core.dispatch);
    expect({ ...asked, started: started.length }).toEqual({ together: pages, alone: 0, started: open });
    const [lost] = started.splice(0, 1);
    await reconcileCalls(system, port, core.dispatch);
    expect(asked).toEqual({ together: 2 * pages, alone: 2 });
    expect(started.at(-1)?.workflowId).toBe(lost?.workflowId);
    await core.owner.query(`update mcp_tools set max_calls_per_minute = 60`);
  });

  it('is closed when its workflow was ended: killed before it was sent, unknown after', async () => {
    const unsent = await calls.aCall('read_note');
    const sent = await calls.dispatched('read_note');
    await age(unsent.invocationId);
    await age(sent.invocationId);
    await reconcileCalls(system, engine({ refuses: true }).port, core.dispatch);
    const killed = {
      state: 'settled',
      outcome: 'killed',
      reason: 'workflow_gone',
      input: Buffer.from('AAAA', 'base64'),
      evidence: ['killed true'],
    };
    expect(await rowOf(unsent.invocationId)).toMatchObject({ ...killed, effects: null });
    expect(await rowOf(sent.invocationId)).toMatchObject({ outcome: 'unknown', effects: ['unknown true'] });
  });
});

it('the arguments of a call go when its end is long past, and not before', async () => {
  const { invocationId, intentId } = await calls.dispatched('read_note');
  await calls.settle(invocationId, intentId, { outcome: 'succeeded' });
  await forgetExpired(system);
  expect(await rowOf(invocationId)).toMatchObject({ input: Buffer.from('AAAA', 'base64') });
  const { invocationId: waiting } = await calls.aCall('read_note');
  await core.owner.query(
    `update mcp_tool_calls set requested_at = now() - interval '31 days',
      settled_at = case when state = 'settled' then now() - interval '31 days' end where invocation_id = any ($1)`,
    [[invocationId, waiting]],
  );
  await forgetExpired(system);
  expect(await rowOf(invocationId)).toMatchObject({ outcome: 'succeeded', input: null });
  expect(await rowOf(waiting)).toMatchObject({ state: 'allowed', input: Buffer.from('AAAA', 'base64') });
});

it('whoever closes a call that is unknown says no more of it', async () => {
  const { invocationId } = await calls.dispatched('read_note');
  const unknown = { state: 'settled', outcome: 'unknown' };
  expect(await calls.close(invocationId, 'failed')).toEqual(unknown);
  expect(await calls.close(invocationId, 'killed')).toEqual(unknown);
  expect(await rowOf(invocationId)).toMatchObject({
    ...unknown,
    evidence: ['unknown true'],
    effects: ['unknown true'],
  });
});

it('a call that nobody settles in time is unknown, and a late answer is appended', async () => {
  const { invocationId, intentId } = await calls.dispatched('read_note');
  // Intents are never changed, so time is what passes.
  await core.owner.query(`alter table effect_intents disable trigger append_only`);
  await core.owner.query(`update effect_intents set deadline = now() - interval '1 second' where intent_id = $1`, [
    intentId,
  ]);
  await core.owner.query(`alter table effect_intents enable trigger append_only`);
  await sweepEffects(system, core.dispatch);
  expect(await rowOf(invocationId)).toMatchObject({
    ...{ state: 'settled', outcome: 'unknown', reason: 'abandoned' },
    ...{ evidence: ['unknown true'], effects: ['unknown true'] },
  });
  await calls.settle(invocationId, intentId, { outcome: 'succeeded' });
  await calls.settle(invocationId, intentId, { outcome: 'failed' });
  expect(await rowOf(invocationId)).toMatchObject({
    outcome: 'succeeded',
    evidence: ['unknown true', 'succeeded false'],
    effects: ['unknown true', 'succeeded false'],
  });
});

it.each([
  ['tool', `update mcp_tools set max_calls_per_minute = 2 where tool_id = $1`, () => server.tools.get_rich],
  [
    'server',
    `update mcp_servers set rate_limit_requests = 2, rate_limit_window_seconds = 3600 where server_id = $1`,
    () => server.serverId,
  ],
])('counts calls of a %s, and refuses what is too many', async (limit, change, id) => {
  await core.owner.query(change, [id()]);
  await calls.aCall('get_rich');
  await calls.aCall('get_rich');
  await expect(calls.aCall('get_rich')).rejects.toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED', details: { limit } });
  await core.owner.query(`delete from rate_limit_buckets`);
  await core.owner.query(`update mcp_tools set max_calls_per_minute = 60`);
});
