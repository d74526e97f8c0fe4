import { readAsTenant } from '../../operations/transaction/read';
import { textsOf } from '../support/active-plane';
import { fillPath, readOperations, type ApiOperation } from '../support/openapi';
import { rawCall } from '../support/raw-call';
import { startTestStack, type TestStack } from '../support/stack';
import { validBody } from '../support/valid-bodies';
import { canaries, furnish, type Tenant } from './canary-tenants';

let stack: TestStack;
let tenants: readonly [Tenant, Tenant];
let operations: ApiOperation[];
beforeAll(async () => {
  stack = await startTestStack();
  tenants = [await furnish(stack, 0), await furnish(stack, 1)];
  operations = (await readOperations(stack.api())).filter(({ id, isPublic }) => !isPublic && !id.startsWith('ops.'));
});
afterAll(() => stack.stop());

const pairs = () => [tenants, tenants.toReversed() as [Tenant, Tenant]] as const;

const keyOf = ({ api }: Tenant) => ({ authorization: `Bearer ${api.apiKey}`, 'content-type': 'application/json' });

function expectClean(what: string, text: string, foreign: Tenant): void {
  const seen = [foreign.canary, foreign.tenantId, foreign.plane.planeId, foreign.ids.key_id ?? ''].filter((each) =>
    text.includes(each),
  );
  expect({ what, seen }).toEqual({ what, seen: [] });
}

test('the canaries are where they were put', async () => {
  for (const { api, canary, plane } of tenants) {
    expect((await textsOf(api, plane.planeId, canary)).join()).toContain(canary);
    const lists = [
      '/planes',
      '/policies',
      '/api-keys',
      '/identities',
      `/planes/${plane.planeId}/documents`,
      '/governance/switches',
    ];
    for (const path of lists) expect(JSON.stringify((await api.get(path)).body)).toContain(canary);
  }
});

// The operator's own are refused to every tenant, whatever the ids.
function ofTenants() {
  return operations.filter(({ permissions }) => !permissions.includes('manage:tenants'));
}

test("every operation with ids in its path, tried with the other's ids, finds nothing there", async () => {
  for (const [mine, foreign] of pairs()) {
    for (const operation of ofTenants().filter(({ path }) => path.includes('{'))) {
      const json = validBody(operation.id, { ...mine.ids, ...pickForeign(operation, foreign) });
      const body = operation.isUpload
        ? '--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nx\r\n--x--\r\n'
        : JSON.stringify(json);
      const answer = await rawCall(stack, {
        method: operation.method,
        path: fillPath(operation, foreign.ids),
        headers: { ...keyOf(mine), ...(operation.isUpload && { 'content-type': 'multipart/form-data; boundary=x' }) },
        ...(operation.method !== 'GET' && body !== undefined && { body }),
      });
      expect({ operation: operation.id, status: answer.status, code: answer.body?.error?.code }).toEqual({
        operation: operation.id,
        status: 404,
        code: 'resource_not_found',
      });
      expectClean(operation.id, withoutEcho(answer.text, foreign), foreign);
    }
  }
});

// Only what is in the body; the path has the foreign ids already.
function pickForeign({ id }: ApiOperation, foreign: Tenant) {
  return id.startsWith('planes.') ? { policy_id: foreign.ids.policy_id } : {};
}

// A caller may be told the id that it asked with.
function withoutEcho(text: string, { ids }: Tenant): string {
  return Object.values(ids).reduce((rest, id) => rest.replaceAll(id, ''), text);
}

test("my plane takes nothing by the other's ids: no policy, no document, no source", async () => {
  for (const [mine, foreign] of pairs()) {
    const at = `/planes/${mine.plane.planeId}`;
    const answers = [
      await mine.api.post(`${at}/bind-policy`, { policy_id: foreign.ids.policy_id }),
      await mine.api.post(`${at}/unbind-policy`, { policy_id: foreign.plane.policyId }),
      await mine.api.delete(`${at}/documents/${foreign.ids.document_id}`),
      await mine.api.upload(mine.plane.planeId, { 'a.txt': 'x' }, { source_id: foreign.plane.sourceId }),
      await mine.api.post('/governance/kill-switch', {
        enabled: true,
        reason: 'x',
        scope: 'tenant',
        scope_id: foreign.tenantId,
      }),
      await mine.api.post('/governance/kill-switch', {
        enabled: true,
        reason: 'x',
        scope: 'plane',
        scope_id: foreign.plane.planeId,
      }),
      await mine.api.post('/governance/mode', {
        mode: 'KILL',
        reason: 'x',
        scope: 'tenant',
        scope_id: foreign.tenantId,
      }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
  }
});

test("retrieval finds nothing by the other's ids, words or meaning", async () => {
  for (const [mine, foreign] of pairs()) {
    const foreignChunks = await foreign.api.post('/retrieval/execute', {
      plane_id: foreign.plane.planeId,
      action: 'query',
      payload: { query: foreign.canary },
    });
    const chunkIds = foreignChunks.body.data.hits.map(({ chunk_id }: { chunk_id: string }) => chunk_id);
    expect(chunkIds.length).toBeGreaterThan(0);
    const payloads = [
      ['query', { query: foreign.canary, top_k: 100 }],
      ['query', { query: 'who sings in the common meadow', top_k: 100 }],
      ['search', { query: foreign.canary, top_k: 100 }],
      ['query', { query: 'meadow', filters: { document_id: [foreign.ids.document_id] } }],
      ['query', { query: 'meadow', filters: { source_id: foreign.plane.sourceId } }],
      ['retrieve', { document_ids: [foreign.ids.document_id] }],
      ['retrieve', { chunk_ids: chunkIds }],
      ['list', {}],
    ] as const;
    for (const [action, payload] of payloads) {
      const { status, body } = await mine.api.post('/retrieval/execute', {
        plane_id: mine.plane.planeId,
        action,
        payload,
      });
      expect(status).toBe(200);
      expectClean(action, JSON.stringify(body), foreign);
    }
    const foreignPlane = { plane_id: foreign.plane.planeId, action: 'query', payload: { query: 'meadow' } };
    expect(await mine.api.post('/retrieval/execute', foreignPlane)).toMatchObject({
      status: 404,
      body: { error: { reason: 'PLANE_NOT_FOUND' } },
    });
  }
});

// My own refused attempts name the other's ids, since I did.
function expectNothingOf({ canary, tenantId }: Tenant, what: string, text: string): void {
  const seen = [canary, tenantId].filter((each) => text.includes(each));
  expect({ what, seen }).toEqual({ what, seen: [] });
}

test("no list, with or without the other's ids as filters, shows anything of the other", async () => {
  for (const [mine, foreign] of pairs()) {
    for (const operation of ofTenants().filter(({ method }) => method === 'GET')) {
      const path = fillPath(operation, mine.ids);
      const own = await rawCall(stack, { method: 'GET', path: `${path}`, headers: keyOf(mine) });
      expect({ operation: operation.id, status: own.status }).toEqual({ operation: operation.id, status: 200 });
      expectNothingOf(foreign, operation.id, own.text);
      const filters = { plane_id: foreign.plane.planeId, actor_id: foreign.ids.key_id, run_id: 'x', job_id: 'x' };
      for (const { name } of operation.parameters.filter((each) => each.in === 'query')) {
        const value = (filters as Record<string, string | undefined>)[name];
        if (value === undefined) continue;
        const filtered = await rawCall(stack, {
          method: 'GET',
          path: `${path}?${name}=${value}`,
          headers: keyOf(mine),
        });
        expect(filtered.status).toBe(200);
        expectNothingOf(foreign, `${operation.id}?${name}`, filtered.text);
      }
    }
  }
});

test('a cursor of the other tenant is refused', async () => {
  for (const [mine, foreign] of pairs()) {
    for (const list of ['/policies', '/audit/events', '/policies/snapshots', '/api-keys']) {
      const { body } = await foreign.api.get(`${list}?limit=1`);
      expect(body.meta.next_cursor).toEqual(expect.any(String));
      const answer = await mine.api.get(`${list}?limit=1&cursor=${encodeURIComponent(body.meta.next_cursor)}`);
      expect({ list, status: answer.status }).toEqual({ list, status: 400 });
    }
  }
});

test('both may use the same names and idempotency keys', async () => {
  const bodies = operations.flatMap(({ id, method }) => {
    if (method !== 'POST' || !['planes.register', 'policies.create', 'api_keys.create'].includes(id)) return [];
    return [[id, { ...validBody(id, tenants[0].ids), name: 'of both' }]] as const;
  });
  const paths: Readonly<Record<string, string>> = {
    'planes.register': '/planes',
    'policies.create': '/policies',
    'api_keys.create': '/api-keys',
  };
  for (const [id, body] of bodies) {
    const answers = await Promise.all(
      tenants.map(({ api }) => api.post(paths[id] ?? '', body, { key: `both ${id}`.replace(' ', '-') })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(JSON.stringify(answers[0]?.body.data)).not.toBe(JSON.stringify(answers[1]?.body.data));
  }
});

test("the operator sees neither tenant's data, but their switches", async () => {
  const reads = operations.filter(
    ({ method, permissions }) => method === 'GET' && !permissions.includes('read:switches'),
  );
  for (const operation of reads) {
    for (const tenant of tenants) {
      const path = fillPath(operation, tenant.ids);
      const headers = { authorization: `Bearer ${stack.operatorApi.apiKey}` };
      const { text } = await rawCall(stack, { method: 'GET', path, headers });
      expect({ operation: operation.id, seen: text.includes(tenant.canary) }).toEqual({
        operation: operation.id,
        seen: false,
      });
    }
  }
});

test('log lines hold no canary: neither the other’s nor their own', async () => {
  for (const canary of canaries) expect(stack.logLines.filter((line) => line.includes(canary))).toEqual([]);
});

test('histories hold nothing of the other tenant, and no content of their own', async () => {
  for (const [mine, foreign] of pairs()) {
    const history = await stack.temporal.workflow
      .getHandle(`plane:${mine.tenantId}:${mine.plane.planeId}`)
      .fetchHistory();
    const bytes = JSON.stringify(history, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
    );
    expect(bytes).toContain(mine.plane.planeId);
    expectClean('history', bytes, foreign);
    // The name of the plane stands in it on purpose; what the documents say does not.
    expect(bytes).not.toMatch(/meadow|example\.com/);
    expect(bytes).not.toContain(`${mine.canary}.md`);
  }
});

test('row-level security shows the application the rows of its tenant, and none without a tenant', async () => {
  const { rows: tables } = await stack.owner.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
  );
  expect(tables.length).toBeGreaterThan(15);
  for (const { name } of tables) {
    const table = name as 'knowledge_planes';
    // No tenant is set on a connection by itself.
    const without = await stack.db.selectFrom(table).selectAll().execute();
    expect({ table, owners: ownersOf(without) }).toEqual({ table, owners: [] });
    for (const { tenantId } of tenants) {
      const rows = await readAsTenant(stack.db, tenantId, (tx) => tx.selectFrom(table).selectAll().execute());
      expect([[], [tenantId]]).toContainEqual(ownersOf(rows));
    }
  }
});

function ownersOf(rows: readonly { tenant_id: string | null }[]): (string | null)[] {
  return [...new Set(rows.map(({ tenant_id }) => tenant_id))];
}
