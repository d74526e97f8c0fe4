import { sweepEffects } from '../../operations/maintenance/sweep-effects';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { createReadServer, type AskUpstream } from '../../retrieval/read-server';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';

let core: TestOperations;
let system: Database;
let serverId: string;
let auditing: string;
beforeAll(async () => {
  core = await startTestOperations();
  system = createDatabase({ url: core.database.systemUrl, connectionsMax: 1, applicationName: 'test-reads' });
  const server = { name: 'notes', url: 'https://notes.example/mcp', requires_approval: false };
  serverId = (await run('tools.servers.register', server)).serverId as string;
  const discovery = {
    ...{ protocol_version: '2025-11-25', capabilities: ['resources'], server_info: { name: 'notes', version: '1' } },
    ...{ latency_ms: 1, tools: [], resource_count: 1, prompt_count: 0, rejected: [] },
    contents: [{ kind: 'resource', name: 'note://one', definition: { name: 'one', uri: 'note://one' } }],
  };
  await run('tools.servers.record_discovery', { serverId, discovery });
  await activate('rules', 'BLOCK', ruled({ effect: 'allow' }));
  auditing = await activate('tried', 'AUDIT', ruled({ effect: 'deny', tools: ['resources/read'] }));
});
afterAll(async () => {
  await system.destroy();
  await core.stop();
});

async function run(name: string, params: unknown) {
  const request = { params, idempotencyKey: newKey() };
  return (await core.dispatch(core.as('admin'), name as never, request as never)) as Record<string, unknown>;
}

async function activate(name: string, mode: 'BLOCK' | 'WARN' | 'AUDIT', conditions: object): Promise<string> {
  const policy = { name, enforcement_mode: mode, conditions };
  const policyId = (await run('policies.create', policy)).policyId as string;
  await run('policies.lifecycle', { policyId, target: 'ACTIVE', reason: 'test' });
  return policyId;
}

const suspend = (policyId: string) => run('policies.lifecycle', { policyId, target: 'SUSPENDED', reason: 'test' });

/** What comes of something that happens while a policy is in force. */
async function withPolicy<T>(conditions: object, happens: () => Promise<T>): Promise<T> {
  const policyId = await activate(newKey(), 'BLOCK', conditions);
  try {
    return await happens();
  } finally {
    await suspend(policyId);
  }
}

const ruled = (rule: object) => ({ tool_rules: [rule] });

const setKill = (enabled: boolean) =>
  run('governance.switches.change', { scope: 'server', scopeId: serverId, kind: 'kill', reason: 'drill', enabled });

const answer = { contents: [{ uri: 'note://one', text: 'a note' }] };

/** A read during which something happens before the server answers, and what is on record of it afterwards. */
async function readWhile(
  happens: () => Promise<unknown>,
  found: Awaited<ReturnType<AskUpstream>> = { kind: 'answer', answer },
  uri = 'note://one',
) {
  let readId = '';
  const read = createReadServer({
    dispatch: core.dispatch,
    async ask(_context, asked) {
      readId = asked.readId;
      await happens();
      return found;
    },
  });
  const request = { method: 'resources/read', params: { uri } } as const;
  const result = await read(core.as('developer'), { serverId, request }).catch((error: unknown) => error);
  return { result, readId, ...(await recordOf(readId)) };
}

async function recordOf(readId: string) {
  const outcomes = await core.owner.query(
    `select o.outcome, o.first, o.reason from effect_outcomes o join effect_intents i using (intent_id)
     where i.subject = $1 order by o.id`,
    [`read:${readId}`],
  );
  const evidence = await core.owner.query(
    `select outcome, policy_decision, output_hash, input_preview, error_message from mcp_tool_invocations where invocation_id = $1`,
    [readId],
  );
  return { outcomes: outcomes.rows, evidence: evidence.rows };
}

const kept = { outcome: 'failed', policy_decision: 'allowed', output_hash: null };

it('releases an answer when its evidence is on record', async () => {
  expect(await readWhile(async () => {})).toMatchObject({
    result: { answer },
    outcomes: [{ outcome: 'succeeded', first: true }],
    evidence: [{ outcome: 'succeeded', output_hash: expect.any(String) }],
  });
});

it('releases nothing that a server answered before a kill, whether it stands or was taken back', async () => {
  for (const isReleased of [false, true]) {
    const read = await readWhile(async () => {
      await setKill(true);
      if (isReleased) await setKill(false);
    });
    expect(read).toMatchObject({
      result: { reason: 'SWITCH_ENGAGED', details: { invocation_id: read.readId } },
      outcomes: [{ outcome: 'failed', first: true, reason: 'SWITCH_ENGAGED' }],
      evidence: [kept],
    });
    if (!isReleased) await setKill(false);
  }
});

it('releases nothing that the rules no longer allow', async () => {
  let denying = '';
  const read = await readWhile(async () => (denying = await activate('late', 'BLOCK', ruled({ effect: 'deny' }))));
  await suspend(denying);
  expect(read).toMatchObject({ result: { reason: 'POLICY_DENIED' }, evidence: [kept] });
});

it('records how a read ended under a kill', async () => {
  const error = Object.assign(new Error('it took too long'), { code: 'timeout' }) as never;
  const read = await readWhile(() => setKill(true), { kind: 'failure', outcome: 'unknown', error, isAnswered: false });
  await setKill(false);
  expect(read).toMatchObject({
    result: { code: 'timeout', details: { invocation_id: read.readId } },
    outcomes: [{ outcome: 'unknown', first: true, reason: 'timeout' }],
    evidence: [{ outcome: 'unknown', output_hash: null }],
  });
});

it('appends to what the sweeper said of a read that took too long', async () => {
  const read = await readWhile(async () => {
    await core.owner.query('alter table effect_intents disable trigger user');
    await core.owner.query(`update effect_intents set deadline = now() - interval '1 minute'`);
    expect(await sweepEffects(system, core.dispatch)).toBe(1);
  });
  expect(read).toMatchObject({
    result: { answer },
    outcomes: [
      { outcome: 'unknown', first: true, reason: 'abandoned' },
      { outcome: 'succeeded', first: false },
    ],
  });
});

it('keeps of a read what policies leave, also where they hide more since it was allowed', async () => {
  const whole = '{"uri":"note://one"}';
  const hidden = '{"uri":"[redacted]"}';
  const hide = (redaction: object, during: Parameters<typeof readWhile>) =>
    withPolicy({ tool_redactions: [{ tools: ['resources/read'], ...redaction }] }, () => readWhile(...during));
  const words = Object.assign(new Error('no note of Ada'), { code: 'service_unavailable' }) as never;
  const refusal = { kind: 'failure', outcome: 'failed', error: words, isAnswered: true } as const;
  const nothing = async () => {};

  expect(await readWhile(nothing, refusal)).toMatchObject({
    evidence: [{ input_preview: whole, error_message: 'no note of Ada' }],
  });
  expect(await hide({ input: ['$.uri'] }, [nothing, refusal])).toMatchObject({
    evidence: [{ input_preview: hidden, error_message: 'no note of Ada' }],
  });
  expect(await hide({ result: ['$.name'] }, [nothing, refusal])).toMatchObject({
    result: { message: 'no note of Ada' },
    evidence: [{ input_preview: whole, error_message: '[redacted]' }],
  });
  // The answer itself is never stored, and comes whole.
  expect(await hide({ input: ['$..uri'], result: ['$.name'] }, [nothing])).toMatchObject({
    result: { answer },
    evidence: [{ outcome: 'succeeded', input_preview: hidden }],
  });
  let late = '';
  const conditions = { tool_redactions: [{ input: ['$.uri'] }] };
  const read = await readWhile(async () => (late = await activate('late hiding', 'WARN', conditions)));
  await suspend(late);
  expect(read).toMatchObject({ result: { answer }, evidence: [{ input_preview: hidden }] });
});

it('keeps of a refused read what policies leave', async () => {
  await withPolicy({ tool_redactions: [{ input: ['$.uri'] }] }, async () => {
    const { result } = await readWhile(async () => {}, undefined, 'note://Ada');
    expect(result).toMatchObject({ reason: 'NOT_FOUND' });
    const { invocation_id: id } = (result as { details: { invocation_id: string } }).details;
    expect(await recordOf(id)).toMatchObject({
      evidence: [{ outcome: 'refused', input_preview: '{"uri":"[redacted]"}' }],
    });
  });
});

it('keeps with a refused read what policies in AUDIT would have said', async () => {
  await activate('always', 'BLOCK', ruled({ effect: 'deny', tools: ['resources/read'] }));
  const read = await readWhile(async () => {});
  expect(read).toMatchObject({ result: { reason: 'POLICY_DENIED' }, readId: '' });
  const { rows } = await core.owner.query(
    `select evidence from audit_events where event_type = 'server_read_denied' and evidence->>'reason' = 'POLICY_DENIED'`,
  );
  expect(rows).toMatchObject([{ evidence: { shadow: [{ policy_id: auditing, effect: 'deny', failure: null }] } }]);
});
