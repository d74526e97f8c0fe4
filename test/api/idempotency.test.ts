import type { ApiAnswer, ApiClient } from '../support/api-client';
import { decided } from '../support/decided';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let api: ApiClient;
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
});
afterAll(() => stack.stop());

const plane = (name: string, extra: object = {}) => ({
  name,
  sources: [{ source_type: 'upload', name: 'up', config: {} }],
  ...extra,
});

const dataOf = ({ body }: ApiAnswer) => JSON.stringify(body.data);

async function count(sql: string, values: unknown[] = []): Promise<number> {
  const { rows } = await stack.owner.query<{ n: number }>(`select count(*)::int as n from ${sql}`, values);
  return rows[0]?.n ?? 0;
}

test('fifty equal requests at once beside fifty with another body under the same key: one effect', async () => {
  const key = 'one-key-for-all';
  const call = async (name: string) => ({
    name,
    answer: await decided(() => api.post('/planes', plane(name, { onboard: true }), { key })),
  });
  const calls = Array.from({ length: 100 }, (_, index) => call(index % 2 === 0 ? 'race a' : 'race b'));
  const answers = await Promise.all(calls);
  const made = answers.filter(({ answer }) => answer.status === 201);
  const [winner] = made;
  expect(new Set(made.map(({ name }) => name)).size).toBe(1);
  expect(new Set(made.map(({ answer }) => dataOf(answer))).size).toBe(1);
  for (const { name, answer } of answers) {
    if (answer.status === 201) continue;
    expect(answer).toMatchObject({ status: 409, body: { error: { category: 'permanent', code: 'conflict' } } });
    const { reason, retry_after_seconds: retryAfter } = answer.body.error;
    if (name === winner?.name) expect({ reason, retryAfter }).toEqual({ reason: 'in_progress', retryAfter: 1 });
    else expect(['key_reused', 'in_progress']).toContain(reason);
  }

  expect(await count(`knowledge_planes where name like 'race _'`)).toBe(1);
  expect(await count(`audit_events where event_type = 'PlaneRegistered'`)).toBe(1);
  expect(
    await count(`knowledge_jobs where plane_id = $1 and kind = 'verify_connectivity'`, [
      winner?.answer.body.data.plane_id,
    ]),
  ).toBe(1);

  const replay = await call(winner?.name ?? '');
  expect(replay.answer.status).toBe(201);
  expect(dataOf(replay.answer)).toBe(dataOf(winner?.answer as ApiAnswer));
  const other = await call(winner?.name === 'race a' ? 'race b' : 'race a');
  expect(other.answer).toMatchObject({ status: 409, body: { error: { reason: 'key_reused' } } });
});

test('the same body written in another order of its members is the same request', async () => {
  const key = 'order';
  const first = await api.post('/planes', { ...plane('ordered'), description: 'd' }, { key });
  const { sources, ...rest } = plane('ordered');
  const again = await api.post('/planes', { sources, description: ' d ', ...rest, plane_type: 'private' }, { key });
  expect(again.status).toBe(201);
  expect(dataOf(again)).toBe(dataOf(first));
});

test('a replay is equal though the thing has gone on since', async () => {
  const key = 'gone-on';
  const first = await api.post('/planes', plane('gone on'), { key });
  const planeId = first.body.data.plane_id as string;
  const step = { action: 'fail_knowledge_plane', reason: 'over' };
  const failed = await api.post(`/lifecycle/${planeId}/transition`, step, { key });
  const policy = await api.post('/policies', { name: 'gone on' }, { key });
  const target = { target: 'RETIRED', reason: 'over' };
  const retired = await api.post(`/policies/${policy.body.data.policy_id}/lifecycle`, target, { key });
  for (const [before, after] of [
    [first, await api.post('/planes', plane('gone on'), { key })],
    [failed, await api.post(`/lifecycle/${planeId}/transition`, step, { key })],
    [policy, await api.post('/policies', { name: 'gone on' }, { key })],
    [retired, await api.post(`/policies/${policy.body.data.policy_id}/lifecycle`, target, { key })],
  ] as const) {
    expect(after.status).toBe(before.status);
    expect(dataOf(after)).toBe(dataOf(before));
  }
  expect(await count('knowledge_lifecycle_transitions where plane_id = $1', [planeId])).toBe(1);
});

test('a permanent refusal is kept under its key, a refusal by policy frees it', async () => {
  await api.post('/planes', plane('taken'));
  const refused = await api.post('/planes', plane('taken'), { key: 'kept' });
  expect(refused).toMatchObject({ status: 409, body: { error: { reason: 'name_taken' } } });
  await stack.owner.query(`update knowledge_planes set name = 'renamed' where name = 'taken'`);
  expect(await api.post('/planes', plane('taken'), { key: 'kept' })).toMatchObject({
    status: 409,
    body: { error: refused.body.error },
  });

  const change = { scope: 'tenant', kind: 'kill', reason: 'test' };
  expect(await api.post('/governance/kill-switch', { ...change, enabled: true })).toMatchObject({ status: 200 });
  const killed = await api.post('/planes', plane('freed'), { key: 'freed' });
  expect(killed).toMatchObject({ status: 403, body: { error: { category: 'policy', reason: 'SWITCH_ENGAGED' } } });
  expect(await api.post('/governance/kill-switch', { ...change, enabled: false })).toMatchObject({ status: 200 });
  expect(await api.post('/planes', plane('freed'), { key: 'freed' })).toMatchObject({ status: 201 });
});

test('a key is of one caller and one operation', async () => {
  const key = 'shared';
  const mine = await api.post('/planes', plane('of mine'), { key });
  const colleague = await stack.api('developer').post('/planes', plane('of a colleague'), { key });
  const neighbour = await stack.api('admin', 1).post('/planes', plane('of a neighbour'), { key });
  const policy = await api.post('/policies', { name: 'of mine' }, { key });
  expect([mine, colleague, neighbour, policy].map(({ status }) => status)).toEqual([201, 201, 201, 201]);
});

test('a secret is shown once', async () => {
  const body = { name: 'once', role: 'viewer' };
  const first = await api.post('/api-keys', body, { key: 'secret' });
  const again = await api.post('/api-keys', body, { key: 'secret' });
  expect(first.body.data.key).toMatch(/^aos_/);
  expect(again.body.data).toEqual({ ...first.body.data, key: null });
});

test('a key is made and echoed where none was given', async () => {
  const { headers } = await api.send('POST', '/policies', { name: 'unkeyed' }, { headers: { 'idempotency-key': '' } });
  expect(headers.get('idempotency-key')).toBeNull();
  const response = await fetch(`${stack.url}/api/v1/policies`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.keys.tenants[0]?.admin_key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'unkeyed' }),
  });
  expect(response.status).toBe(201);
  expect(response.headers.get('idempotency-key')).toMatch(/^gen-/);
});

test('uploads: the same names and bytes under a key are one upload, others a conflict', async () => {
  const { body } = await api.post('/planes', plane('uploads'));
  const upload = (files: Record<string, string>) => {
    const form = new FormData();
    for (const [name, content] of Object.entries(files)) form.append('files', new Blob([content]), name);
    return api.send('POST', `/planes/${body.data.plane_id}/documents`, form, { key: 'upload' });
  };
  const first = await upload({ 'a.txt': 'a', 'b.txt': 'b' });
  const again = await upload({ 'a.txt': 'a', 'b.txt': 'b' });
  expect(dataOf(again)).toBe(dataOf(first));
  for (const files of [{ 'a.txt': 'x', 'b.txt': 'b' }, { 'a.txt': 'a' }, { 'b.txt': 'b', 'a.txt': 'a' }]) {
    expect(await upload(files as unknown as Record<string, string>)).toMatchObject({
      status: 409,
      body: { error: { reason: 'key_reused' } },
    });
  }
});
