import { anActivePlane } from '../support/active-plane';
import { expectFailure } from '../support/failure-envelope';
import { fillPath, readOperations, unknownIds, type ApiOperation } from '../support/openapi';
import { rawCall } from '../support/raw-call';
import { startTestStack, type TestStack } from '../support/stack';
import { validBody, type KnownIds } from '../support/valid-bodies';

let stack: TestStack;
let operations: ApiOperation[];
let ids: KnownIds & Readonly<Record<string, string>>;
beforeAll(async () => {
  stack = await startTestStack();
  const api = stack.api();
  operations = await readOperations(api);
  const { planeId, policyId, documentIds } = await anActivePlane(api, 'known', {
    files: { 'a.md': 'A known document.' },
  });
  const key = await api.post('/api-keys', { name: 'known', role: 'viewer' });
  const snapshots = await api.get('/policies/snapshots');
  const evidence = await api.post('/knowledge/' + planeId + '/query', { query: 'x' });
  ids = {
    plane_id: planeId,
    policy_id: policyId,
    document_id: documentIds['a.md'] ?? '',
    key_id: key.body.data.key_id,
    snapshot_id: snapshots.body.data.items[0].snapshot_id,
    evidence_id: evidence.body.data.evidence_id,
  };
});
afterAll(() => stack.stop());

const guarded = () => operations.filter(({ isPublic }) => !isPublic);
const withBody = () => guarded().filter(({ body }) => body !== undefined);
const isOperators = ({ permissions }: ApiOperation) => permissions.includes('manage:tenants');
const keyFor = (operation: ApiOperation) =>
  isOperators(operation) ? stack.keys.operator_key : (stack.keys.tenants[0]?.admin_key ?? '');

let calls = 0;

/** Calls an operation with ids that are there; what is given replaces that part of a good request. */
async function call(
  operation: ApiOperation,
  {
    headers,
    body,
    path = fillPath(operation, ids),
  }: { headers?: Record<string, string>; body?: string; path?: string },
) {
  calls += 1;
  const requestId = `every-endpoint-${calls}`;
  const json = validBody(operation.id, ids);
  const sent = body ?? (json === undefined ? undefined : JSON.stringify(json));
  const answer = await rawCall(stack, {
    method: operation.method,
    path,
    headers: {
      'x-request-id': requestId,
      authorization: `Bearer ${keyFor(operation)}`,
      ...(sent !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(sent !== undefined && { body: sent }),
  });
  return { answer, requestId };
}

/** The types that a field takes; one that may be null says so as a choice. */
function typesOf(schema: Readonly<Record<string, unknown>>): readonly string[] {
  if (typeof schema['type'] === 'string') return [schema['type']];
  const choices = (schema['anyOf'] ?? []) as readonly { readonly type?: string }[];
  return choices.some(({ type }) => type === 'null') ? choices.map(({ type = 'object' }) => type) : ['object'];
}

async function expectInvalid(operation: ApiOperation, what: string, request: Parameters<typeof call>[1]) {
  const { answer, requestId } = await call(operation, request);
  expectFailure(`${operation.id}: ${what}`, answer, { status: 400, code: 'invalid_input', requestId });
  return answer.body.error;
}

test('the document names every operation once, and this file knows a body for each that takes one', () => {
  expect(operations.length).toBeGreaterThan(25);
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  const unknown = withBody().filter(({ id }) => validBody(id, ids) === undefined);
  expect(unknown.map(({ id }) => id)).toEqual([]);
  expect(guarded().filter(({ permissions }) => permissions.length === 0)).toEqual([]);
});

test.each([
  ['no key', {}],
  ['an unknown key', { authorization: 'Bearer aos_nobody' }],
  ['another scheme', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
  ['an empty key', { authorization: 'Bearer ' }],
  ['a key that is too long', { authorization: `Bearer ${'a'.repeat(4_000)}` }],
])('%s', async (what, headers: Record<string, string>) => {
  for (const operation of guarded()) {
    const { answer, requestId } = await call(operation, { headers: { authorization: '', ...headers } });
    expectFailure(`${operation.id}: ${what}`, answer, { status: 401, code: 'authentication_failed', requestId });
    const hasTried = /^Bearer ./.test(headers.authorization ?? '');
    expect(answer.headers.get('www-authenticate')).toBe(hasTried ? 'Bearer error="invalid_token"' : 'Bearer');
  }
});

test('a key without the permission', async () => {
  for (const operation of guarded()) {
    // The operator's key holds no permission of a tenant's, and the reverse.
    const key = isOperators(operation) ? stack.keys.tenants[0]?.admin_key : stack.keys.operator_key;
    // What both may do, each with what is its own.
    if (operation.permissions.some((each) => /^(switch|export:|read:(switches|audit|exports))/.test(each))) continue;
    const { answer, requestId } = await call(operation, { headers: { authorization: `Bearer ${key}` } });
    expectFailure(operation.id, answer, { status: 403, code: 'authorization_failed', requestId });
  }
});

test.each([
  ['half an object', '{"name": '],
  ['not JSON', 'name=x'],
  ['a comma too many', '{"name": "x",}'],
  ['a bare string', '"text"'],
  ['null', 'null'],
  ['a list', '[]'],
  ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('latin1')],
])('a body that is %s', async (what, body) => {
  for (const operation of withBody()) await expectInvalid(operation, what, { body });
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx'])(
  'a body of type %s',
  async (type) => {
    for (const operation of withBody()) {
      const error = await expectInvalid(operation, type, { headers: { 'content-type': type } });
      expect(error.details).toMatchObject({ field: 'content-type' });
    }
  },
);

test.each([{ 'content-type': 'application/json; charset=iso-8859-1' }, { 'content-encoding': 'br' }])(
  'a body in an unusable encoding: %j',
  async (headers) => {
    for (const operation of withBody())
      await expectInvalid(operation, 'encoding', { headers: { ...headers } as never });
  },
);

test('a body over 10 MB', async () => {
  const body = JSON.stringify({ name: 'x'.repeat(10 * 1024 * 1024) });
  for (const operation of withBody()) {
    const error = await expectInvalid(operation, 'large', { body });
    expect(error.details).toMatchObject({ field: 'body', bytes_max: 10 * 1024 * 1024 });
  }
});

test('a field that is not known', async () => {
  for (const operation of withBody()) {
    const body = JSON.stringify({ ...validBody(operation.id, ids), unheard_of: 1 });
    const error = await expectInvalid(operation, 'unknown field', { body });
    expect(error.details.field).toMatch(/unheard_of$/);
  }
});

test('a parameter of the query that is not known', async () => {
  for (const operation of guarded().filter(({ isUpload }) => !isUpload)) {
    const path = `${fillPath(operation, ids)}?unheard_of=1`;
    const error = await expectInvalid(operation, 'unknown parameter', { path });
    expect(error.details.field).toBe('unheard_of');
  }
});

test('each field of a body, with a value of each type that it does not take', async () => {
  const values: Readonly<Record<string, unknown>> = {
    string: 'text',
    number: 4.5,
    boolean: true,
    array: [[]],
    object: { a: 1 },
    null: null,
  };
  for (const operation of withBody()) {
    const properties = (operation.body?.['properties'] ?? {}) as Record<string, Record<string, unknown>>;
    for (const [name, schema] of Object.entries(properties)) {
      const types = typesOf(schema);
      for (const [wrong, value] of Object.entries(values)) {
        if (types.includes(wrong) || (types.includes('integer') && wrong === 'number')) continue;
        const body = JSON.stringify({ ...validBody(operation.id, ids), [name]: value });
        const error = await expectInvalid(operation, `${name} as ${wrong}`, { body });
        expect(JSON.stringify(error.details)).toContain(name);
      }
    }
  }
});

test('each parameter of the query, with values that it does not take', async () => {
  for (const operation of guarded()) {
    for (const { name, schema } of operation.parameters.filter((each) => each.in === 'query')) {
      const isBounded = ['integer', 'number'].includes(String(schema['type'])) || name === 'limit';
      const wrong = isBounded
        ? ['0', '-1', '1000001', '1.5', 'ten', '1e9', '']
        : ['', ' ', '\u0000', 'x'.repeat(3_000)];
      for (const value of wrong) {
        const path = `${fillPath(operation, ids)}?${name}=${encodeURIComponent(value)}`;
        const error = await expectInvalid(operation, `${name}=${value.slice(0, 10)}`, { path });
        expect(error.details.field).toBe(name);
      }
      const twice = `${fillPath(operation, ids)}?${name}=1&${name}=2`;
      await expectInvalid(operation, `${name} twice`, { path: twice });
    }
  }
});

test('ids that are not there, and ids that none can have', async () => {
  const forms = (name: string) => [unknownIds[name] ?? '', "'; drop table tenants; --", '\u0000', 'x'.repeat(300), '%'];
  for (const operation of guarded().filter(({ path }) => path.includes('{'))) {
    const names = operation.parameters.filter((each) => each.in === 'path').map(({ name }) => name);
    for (const name of names) {
      for (const id of forms(name)) {
        const path = fillPath(operation, { ...ids, [name]: id });
        if (operation.isUpload) continue;
        const { answer, requestId } = await call(operation, { path });
        expectFailure(`${operation.id} ${name}=${id.slice(0, 20)}`, answer, {
          status: 404,
          code: 'resource_not_found',
          requestId,
        });
      }
    }
  }
});

test('uploads: an unknown plane, no form, a form that ends too soon', async () => {
  for (const operation of operations.filter(({ isUpload }) => isUpload)) {
    const form = { 'content-type': 'multipart/form-data; boundary=x' };
    const unknown = await call(operation, { path: fillPath(operation, {}), headers: form, body: '--x--' });
    expectFailure('unknown plane', unknown.answer, { status: 404, code: 'resource_not_found' });
    await expectInvalid(operation, 'JSON', { body: '{}' });
    await expectInvalid(operation, 'no boundary', { headers: { 'content-type': 'multipart/form-data' }, body: 'x' });
    await expectInvalid(operation, 'empty form', { headers: form, body: '--x--\r\n' });
    const half = '--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nhalf';
    await expectInvalid(operation, 'half a form', { headers: form, body: half });
    const documents = await stack.api().get(`/planes/${ids.plane_id}/documents`);
    expect(documents.body.data.items).toHaveLength(1);
  }
});

test('an idempotency key that cannot be one', async () => {
  for (const operation of guarded().filter(({ method }) => method !== 'GET')) {
    for (const key of ['with space', 'x'.repeat(256), 'Ã¼']) {
      const error = await expectInvalid(operation, key.slice(0, 10), { headers: { 'idempotency-key': key } });
      expect(error.details.field).toBe('idempotency-key');
    }
  }
});

test('request ids: a well-formed one is echoed, any other is replaced', async () => {
  for (const operation of operations) {
    const named = await call(operation, { headers: { authorization: '', 'x-request-id': 'Given.by_the-caller' } });
    expect(named.answer.headers.get('x-request-id')).toBe('Given.by_the-caller');
    for (const id of ['with space', 'x'.repeat(65), '<script>', 'a"b']) {
      const { answer } = await call(operation, { headers: { authorization: '', 'x-request-id': id } });
      expect(answer.headers.get('x-request-id')).toMatch(/^req-[0-9a-f]{12}$/);
      if (!operation.isPublic) expect(answer.body.meta.request_id).toBe(answer.headers.get('x-request-id'));
    }
  }
});

test('methods that a path does not have, and paths that are not there', async () => {
  const paths = [...new Set(operations.map((operation) => fillPath(operation, ids)))];
  const headers = { authorization: `Bearer ${stack.keys.tenants[0]?.admin_key}` };
  for (const path of [
    ...paths,
    '/',
    '/api',
    '/api/v1',
    '/api/v1/',
    '/api/v2/planes',
    '/api/v1/nothing',
    '/%ff',
    '/api/v1/planes/%c0%80',
  ]) {
    const known = operations.filter((operation) => fillPath(operation, ids) === path).map(({ method }) => method);
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if ((known as string[]).includes(method)) continue;
      const answer = await rawCall(stack, { method, path, headers });
      expect({ method, path, isRefusal: [400, 404].includes(answer.status) }).toEqual({
        method,
        path,
        isRefusal: true,
      });
      const code = answer.status === 404 ? 'resource_not_found' : 'invalid_input';
      expectFailure(`${method} ${path}`, answer, { status: answer.status, code });
    }
  }
});

test('of all this nothing was a fault of ours, and nothing was made', async () => {
  expect(stack.logLines.filter((line) => /"level":(50|60)|internal_error/.test(line))).toEqual([]);
  const { rows } = await stack.owner.query(
    `select (select count(*)::int from knowledge_planes) as planes, (select count(*)::int from policies) as policies,
      (select count(*)::int from tenants) as tenants, (select count(*)::int from runtime_switches) as switches`,
  );
  expect(rows).toEqual([{ planes: 1, policies: 1, tenants: 3, switches: 0 }]);
});
