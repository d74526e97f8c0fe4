import type { ApiAnswer, ApiClient } from '../support/api-client';
import { eachOf, isStorable, naughtyStrings } from '../support/naughty';
import { seedPlane } from '../support/seeds';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let api: ApiClient;
let planeId: string;
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
  ({ planeId } = await seedPlane(stack.owner, stack.keys.tenants[0]?.tenant_id ?? '', 'ACTIVE'));
});
afterAll(() => stack.stop());
afterEach(() => expect(stack.logLines.filter((line) => /"level":(50|60)/.test(line))).toEqual([]));

/** Taken when it can be stored as it is, else refused as invalid. */
function expectTaken(given: string, lengthMax: number, { status }: ApiAnswer): boolean {
  const isTaken = status < 300;
  expect({ given, isTaken, status }).toEqual({
    given,
    isTaken: isStorable(given, lengthMax),
    status: isTaken ? status : 400,
  });
  return isTaken;
}

type Item = Readonly<Record<string, unknown>>;

async function listed(path: string, idField: string): Promise<Map<unknown, Item>> {
  const { body } = await api.get(`${path}?limit=1000`);
  return new Map((body.data.items as Item[]).map((item) => [item[idField], item]));
}

/** Names are unique, so strings that are equal once they are trimmed come once. */
const names = [...new Map(naughtyStrings.map((value) => [value.trim(), value])).values()];

test('planes: name, description, names and settings of sources, and the reason for failing one', async () => {
  const made = new Map<string, string>();
  await eachOf(names, async (given, index) => {
    const source = { source_type: 'file', name: 'f', config: { path: '/x' } };
    const whole = {
      name: given,
      description: given,
      sources: [{ ...source, name: given, config: { path: given, include: [given] } }],
    };
    const answer = await api.post('/planes', whole);
    if (expectTaken(given, 128, answer)) {
      made.set(answer.body.data.plane_id, given.trim());
      return;
    }
    // What is refused as a whole is tried in each place by itself.
    const parts = [
      [128, { name: given, sources: [source] }],
      [2000, { name: `d ${index}`, description: given, sources: [source] }],
      [128, { name: `s ${index}`, sources: [{ ...source, name: given }] }],
      [4096, { name: `p ${index}`, sources: [{ ...source, config: { path: given } }] }],
      [512, { name: `i ${index}`, sources: [{ ...source, config: { path: '/x', include: [given] } }] }],
    ] as const;
    for (const [lengthMax, body] of parts) expectTaken(given, lengthMax, await api.post('/planes', body));
  });
  await eachOf([...made], async ([id, text]) => {
    const body = { action: 'fail_knowledge_plane', reason: text };
    expect(await api.post(`/lifecycle/${id}/transition`, body)).toMatchObject({
      status: 200,
      body: { data: { reason: text } },
    });
  });
  const shown = await listed('/planes', 'plane_id');
  for (const [id, text] of made) {
    expect(shown.get(id)).toMatchObject({
      name: text,
      description: text,
      status_reason: text,
      sources: [{ name: text, config: { path: text, include: [text] } }],
    });
  }
});

test('planes: actions and targets', async () => {
  await eachOf(naughtyStrings, async (given, index) => {
    const body = index % 2 === 0 ? { action: given } : { target: given };
    const { status } = await api.post(`/lifecycle/${planeId}/transition`, body);
    expect({ given, status }).toEqual({ given, status: isStorable(given, 64) ? 409 : 400 });
  });
});

test('policies: name, description and lists; target and reason of a change; and what is sealed', async () => {
  const made = new Map<string, string>();
  await eachOf(names, async (given, index) => {
    const conditions = { allowed_plane_ids: [given], knowledge_access: { allowed_planes: [given] } };
    const answer = await api.post('/policies', { name: given, description: given, conditions });
    if (expectTaken(given, 128, answer)) {
      made.set(answer.body.data.policy_id, given.trim());
      return;
    }
    const parts = [
      [128, { name: given }],
      [2000, { name: `d ${index}`, description: given }],
      [128, { name: `c ${index}`, conditions }],
    ] as const;
    for (const [lengthMax, body] of parts) expectTaken(given, lengthMax, await api.post('/policies', body));
  });
  const texts = [...made.values()];
  const all = await api.post('/policies', { name: 'all of them', conditions: { allowed_plane_ids: texts } });
  const sealed = await api.post(`/policies/${all.body.data.policy_id}/lifecycle`, { target: 'ACTIVE', reason: 'test' });
  const snapshot = await api.get(`/policies/snapshots/${sealed.body.data.policy_snapshot_id}`);
  expect(JSON.parse(snapshot.body.data.policies_json).policies).toMatchObject([
    { conditions: { allowed_plane_ids: texts } },
  ]);

  // Each change takes the tenant's turn to seal a snapshot, so many at once only wait for each other.
  await eachOf(
    [...made],
    async ([id, text], index) => {
      if (index % 5 === 0) {
        const { status } = await api.post(`/policies/${id}/lifecycle`, { target: text, reason: 'x' });
        expect({ text, status }).toEqual({ text, status: isStorable(text, 32) ? 409 : 400 });
      }
      const moved = await api.post(`/policies/${id}/lifecycle`, { target: 'RETIRED', reason: text });
      expect(moved).toMatchObject({ status: 200, body: { data: { reason: text } } });
    },
    2,
  );
  const shown = await listed('/policies', 'policy_id');
  for (const [id, text] of made) {
    const conditions = { allowed_plane_ids: [text], knowledge_access: { allowed_planes: [text] } };
    expect(shown.get(id)).toMatchObject({ name: text, description: text, conditions, retirement_reason: text });
  }
});

test('switches and modes: reason and scope', async () => {
  for (const [index, given] of naughtyStrings.entries()) {
    const target = { scope: 'plane', scope_id: planeId };
    if (index % 2 === 0) {
      const mode = await api.post('/governance/mode', { ...target, mode: 'NORMAL', reason: given });
      if (expectTaken(given, 1000, mode)) expect(mode.body.data.reason).toBe(given.trim());
    }
    const change = { ...target, enabled: true, kind: 'degraded', reason: given };
    const thrown = await api.post('/governance/kill-switch', change);
    if (expectTaken(given, 1000, thrown)) expect(thrown.body.data.reason).toBe(given.trim());
    const unknown = { enabled: true, reason: 'x', scope: index % 2 === 0 ? 'plane' : 'tenant', scope_id: given };
    const { status } = await api.post('/governance/kill-switch', unknown);
    expect({ given, status }).toEqual({ given, status: isStorable(given, 128) ? 404 : 400 });
  }
});

test('keys and tenants: names', async () => {
  const made = new Map<string, string>();
  await eachOf(naughtyStrings, async (given, index) => {
    const key = await api.post('/api-keys', { name: given, role: 'viewer' });
    if (expectTaken(given, 128, key)) made.set(key.body.data.key_id, given.trim());
    const tenant = await stack.operatorApi.post('/ops/tenants', { name: given });
    if (expectTaken(given, 128, tenant)) expect(tenant.body.data.name).toBe(given.trim());
    const wrong = index % 2 === 0 ? { role: given } : { role: 'viewer', expires_at: given };
    if (index % 5 === 0) expect(await api.post('/api-keys', { name: 'x', ...wrong })).toMatchObject({ status: 400 });
  });
  const shown = await listed('/api-keys', 'key_id');
  for (const [id, text] of made) expect(shown.get(id)).toMatchObject({ name: text });
});
