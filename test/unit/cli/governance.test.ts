import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startFakeApi, type FakeApi } from './fake-api';
import { runCommand } from './run-command';

let api: FakeApi;
const cwd = mkdtempSync(path.join(tmpdir(), 'aos-cli-'));
const aos = (...args: string[]) => runCommand(args, { url: api.url, cwd });
const bodies = () => api.seen.filter(({ method }) => method === 'POST').map(({ body }) => body);

beforeAll(async () => {
  api = await startFakeApi();
});
beforeEach(() => {
  api.on('GET /planes', { data: { items: [{ plane_id: 'kp_0123456789ab', name: 'handbook' }] } });
  api.on('GET /policies', { data: { items: [{ policy_id: 'pol_1', name: 'readers', status: 'ACTIVE' }] } });
});
afterEach(() => api.reset());
afterAll(() => api.stop());

test('ask shows ranked hits, evidence, snapshot and tokens', async () => {
  const hit = {
    document_id: 'doc_1',
    score: 0.51234,
    text: `leave\n${'word '.repeat(100)}`,
    source: { source_id: 's1', name: 'hr', document: 'leave.md' },
  };
  api.on('POST /retrieval/execute', {
    data: {
      hits: [hit, { ...hit, source: undefined }],
      evidence_id: 'ev_1',
      policy_snapshot_id: 'SNAP-1',
      tokens_consumed: 42,
    },
  });
  const { exitCode, stdout } = await aos('ask', 'handbook', 'How', 'many', 'days?', '--top-k', '2');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^1 +0\.5123 +leave\.md +hr +leave word/m);
  expect(stdout).toMatch(/^2 +0\.5123 +doc_1 /m);
  expect(stdout).toMatch(/evidence +ev_1\nsnapshot +SNAP-1\ntokens +42/);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  await aos('ask', 'handbook', 'days', '--search', '--run', 'run_1');
  expect(bodies()).toEqual([
    { plane_id: 'kp_0123456789ab', action: 'query', payload: { query: 'How many days?', top_k: 2 } },
    { plane_id: 'kp_0123456789ab', action: 'search', payload: { query: 'days' }, run_id: 'run_1' },
  ]);
});

test('a denied question keeps its evidence in sight', async () => {
  const error = {
    category: 'policy',
    code: 'policy_violation',
    reason: 'POLICY_DENIED',
    message: 'the plane is not allowed',
    details: { evidence_id: 'ev_2' },
  };
  api.on('POST /retrieval/execute', { status: 403, error });
  const { exitCode, stdout, stderr } = await aos('ask', 'handbook', 'anything');
  expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
  expect(stderr).toContain('evidence_id: ev_2');
});

test('policies are created, listed, moved and sealed', async () => {
  api.on('POST /policies', { status: 201, data: { policy_id: 'pol_1', name: 'readers', status: 'DRAFT' } });
  api.on('POST /policies/pol_1/lifecycle', { data: { policy_id: 'pol_1', status: 'ACTIVE' } });
  api.on('GET /policies/snapshots', { data: { items: [{ snapshot_id: 'SNAP-1', status: 'active', version: 1 }] } });
  api.on('POST /policies/snapshots', { status: 201, data: { snapshot_id: 'SNAP-2' } });
  const created = await aos('policies', 'create', 'readers', '--allow', 'handbook', '*', '--redact-at', 'internal');
  expect(created.stdout).toContain('aos policies activate readers');
  for (const verb of ['activate', 'suspend', 'retire']) await aos('policies', verb, 'readers', '--reason', 'why');
  expect((await aos('policies', 'list')).stdout).toMatch(/pol_1 +readers +ACTIVE/);
  expect((await aos('policies', 'snapshots')).stdout).toMatch(/SNAP-1 +1 +active/);
  expect((await aos('policies', 'snapshot')).stdout).toContain('SNAP-2');
  expect(bodies()).toEqual([
    {
      name: 'readers',
      enforcement_mode: 'BLOCK',
      conditions: { allowed_plane_ids: ['kp_0123456789ab', '*'], redact_at: 'internal' },
    },
    { target: 'ACTIVE', reason: 'why' },
    { target: 'SUSPENDED', reason: 'why' },
    { target: 'RETIRED', reason: 'why' },
    {},
  ]);
});

describe('a policy from a file', () => {
  const rules = {
    tool_rules: [{ effect: 'deny', tools: ['send_*'], when: 'args.amount > 100' }],
    tool_redactions: [{ tools: ['send_*'], input: ['$.card'] }],
  };
  const fileOf = (value: unknown) => {
    writeFileSync(path.join(cwd, 'rules.json'), typeof value === 'string' ? value : JSON.stringify(value));
    return ['policies', 'create', 'senders', '--from', 'rules.json'];
  };

  test('is sent as it stands, and enforced unless it says otherwise', async () => {
    api.on('POST /policies', { status: 201, data: { policy_id: 'pol_1', name: 'senders', status: 'DRAFT' } });
    const created = await aos(...fileOf({ conditions: rules }));
    expect(created).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('aos policies activate senders') });
    await aos(...fileOf({ enforcement_mode: 'AUDIT', conditions: rules }), '--description', 'tried out');
    expect(bodies()).toEqual([
      { name: 'senders', enforcement_mode: 'BLOCK', conditions: rules },
      { name: 'senders', enforcement_mode: 'AUDIT', conditions: rules, description: 'tried out' },
    ]);
  });

  test.each([
    [['--allow', '*'], /--from.*cannot be used with.*--allow/],
    [['--mode', 'AUDIT'], /--from.*cannot be used with.*--mode/],
    [['--redact-at', 'public'], /--from.*cannot be used with.*--redact-at/],
  ])('is not mixed with %j', async (more, words) => {
    const { exitCode, stderr } = await aos(...fileOf({ conditions: rules }), ...more);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(words) });
    expect(api.seen).toEqual([]);
  });

  test.each([
    ['{', /rules\.json is not JSON/],
    [[rules], /rules\.json does not hold a JSON object/],
  ])('is refused here when it is no object: %j', async (value, words) => {
    const { exitCode, stderr } = await aos(...fileOf(value));
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(words) });
    expect(api.seen).toEqual([]);
  });
});

test('a policy that says nothing is not created', async () => {
  const { exitCode, stderr } = await aos('policies', 'create', 'readers');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--allow or --from') });
  expect(api.seen).toEqual([]);
});

test('switches and modes', async () => {
  api.on('POST /governance/kill-switch', { data: { switch_id: 'sw_1', epoch: 3, current_mode: 'KILL' } });
  api.on('POST /governance/mode', { data: { previous_mode: 'NORMAL', current_mode: 'DEGRADED' } });
  api.on('GET /governance/switches', { data: { items: [{ switch_id: 'sw_1', scope: 'plane', enabled: true }] } });
  api.on('GET /governance/state', { data: { mode: 'KILL', active: false, switches: [] } });
  expect((await aos('switch', 'on', 'plane', 'handbook', '--reason', 'leak', '--kind', 'kill')).stdout).toMatch(
    /epoch +3/,
  );
  await aos('switch', 'off', 'tenant', '--reason', 'over');
  await aos('mode', 'DEGRADED', '--reason', 'slow', '--scope', 'plane', '--scope-id', 'handbook');
  expect((await aos('switch', 'list')).stdout).toMatch(/sw_1 .*plane .*yes/);
  await aos('switch', 'list', '--executions');
  const listed = api.seen.filter(({ path }) => path.startsWith('/governance/switches'));
  expect(listed.map(({ query }) => query.get('executions'))).toEqual(['exclude', 'include']);
  expect((await aos('switch', 'state')).stdout).toMatch(/mode +KILL/);
  expect(bodies()).toEqual([
    { enabled: true, reason: 'leak', scope: 'plane', scope_id: 'kp_0123456789ab', kind: 'kill' },
    { enabled: false, reason: 'over', scope: 'tenant' },
    { mode: 'DEGRADED', reason: 'slow', scope: 'plane', scope_id: 'kp_0123456789ab' },
  ]);
  for (const wrong of [
    ['switch', 'on', 'moon', '--reason', 'x'],
    ['switch', 'on', 'tenant'],
    ['mode', 'FAST', '--reason', 'x'],
  ]) {
    expect((await aos(...wrong)).exitCode).toBe(2);
  }
});

test('audit and evidence are read with filters', async () => {
  api.on('GET /audit/events', { data: { items: [{ event_id: 'evt_1', event_type: 'X', outcome: 'blocked' }] } });
  api.on('GET /retrieval/evidence', {
    data: { items: [{ evidence_id: 'ev_1', decision: 'denied', deny_reason: 'no' }] },
  });
  api.on('GET /retrieval/evidence/ev_1', { data: { evidence_id: 'ev_1', query_hash: 'abc', doc_ids: ['d1', 'd2'] } });
  const args = ['audit', 'list', '--type', 'X', '--plane', 'handbook', '--outcome', 'blocked', '--limit', '5'];
  expect((await aos(...args)).stdout).toMatch(/X +blocked/);
  expect(Object.fromEntries(api.seen.at(-1)?.query ?? [])).toEqual({
    event_type: 'X',
    plane_id: 'kp_0123456789ab',
    outcome: 'blocked',
    limit: '5',
  });
  expect((await aos('evidence', 'list')).stdout).toMatch(/ev_1 .*denied .*no/);
  expect((await aos('evidence', 'show', 'ev_1')).stdout).toMatch(/doc_ids +d1, d2/);
});

test('a new key is shown once and plainly; keys are listed and revoked', async () => {
  api.on('POST /api-keys', { status: 201, data: { key_id: 'key_1', key: 'aos_secret_value' } });
  api.on('GET /api-keys', { data: { items: [{ key_id: 'key_1', name: 'ci', role: 'viewer' }] } });
  api.on('DELETE /api-keys/key_1', { data: { key_id: 'key_1' } });
  api.on('POST /ops/tenants', { status: 201, data: { tenant_id: 't3', admin_key: 'aos_admin_value' } });
  const created = await aos('keys', 'create', 'ci', '--role', 'viewer', '--expires-at', '2027-01-31T12:00:00+01:00');
  expect(created.stdout).toMatch(/^ {2}aos_secret_value$/m);
  expect(created.stdout).toContain('cannot be shown again');
  expect((await aos('tenants', 'create', 'third')).stdout).toMatch(/^ {2}aos_admin_value$/m);
  expect(bodies()[0]).toEqual({ name: 'ci', role: 'viewer', expires_at: '2027-01-31T11:00:00.000Z' });
  expect((await aos('keys', 'list')).stdout).toMatch(/key_1 +ci +viewer/);
  expect(await aos('keys', 'revoke', 'key_1')).toMatchObject({ exitCode: 0, stdout: 'key key_1 is revoked\n' });
  expect((await aos('keys', 'create', 'ci', '--role', 'viewer', '--expires-at', 'soon')).exitCode).toBe(2);
});

test('status fails when the installation is not healthy', async () => {
  api.on('GET /governance/boot-status', { data: { healthy: true, components: { database: 'ok' } } });
  expect(await aos('status')).toMatchObject({ exitCode: 0 });
  api.on('GET /governance/boot-status', { data: { healthy: false } });
  expect(await aos('status', '--json')).toMatchObject({ exitCode: 1 });
});
