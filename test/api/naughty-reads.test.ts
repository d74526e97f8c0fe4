import { request } from 'node:http';
import { anActivePlane, letAskMuch, stepTo, type ActivePlane } from '../support/active-plane';
import type { ApiClient } from '../support/api-client';
import { eachOf, isStorable, naughtyStrings } from '../support/naughty';
import { readOperations } from '../support/openapi';
import { anUploadPlane } from '../support/planes';
import { rawCall } from '../support/raw-call';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let api: ApiClient;
let plane: ActivePlane;
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
  plane = await anActivePlane(api, 'asked', {
    files: { 'a.md': 'The answer is forty-two.', 'b.md': 'Ω≈ç√∫ 田中さん' },
  });
  await letAskMuch(stack, plane.planeId);
});
afterAll(() => stack.stop());
afterEach(() => expect(stack.logLines.filter((line) => /"level":(50|60)/.test(line))).toEqual([]));

test('questions: answered or refused', async () => {
  await eachOf(naughtyStrings, async (given, index) => {
    // A query asks the full text too, in the same way as a search.
    const action = index % 5 === 0 ? 'search' : 'query';
    const body = { plane_id: plane.planeId, action, payload: { query: given } };
    const { status } = await api.post('/retrieval/execute', body);
    expect({ given, action, status }).toEqual({ given, action, status: isStorable(given, 4000) ? 200 : 400 });
  });
});

test('ids in payloads', async () => {
  await eachOf(naughtyStrings, async (given, index) => {
    const ask = (action: string, payload: object, planeId = plane.planeId) =>
      api.post('/retrieval/execute', { plane_id: planeId, action, payload });
    const places = [
      () => ask('query', { query: 'x', filters: { source_id: given } }),
      () => ask('retrieve', { document_ids: [given] }),
      () => ask('query', { query: 'x', filters: { document_id: [given] } }),
      () => ask('retrieve', { chunk_ids: [given] }),
      () => ask('list', { cursor: given }),
      () => ask(given, {}),
      () => ask('list', {}, given),
    ];
    const { status, body } = (await places[index % places.length]?.()) ?? { status: 0, body: undefined };
    expect({ given, isAnswer: [200, 400].includes(status) }).toEqual({ given, isAnswer: true });
    if (status === 200) expect(body.data.hits).toEqual([]);
  });
});

test('ids in paths and values in queries', async () => {
  const operations = (await readOperations(api)).filter(
    ({ method, isPublic, permissions }) => method === 'GET' && !isPublic && !permissions.includes('manage:tenants'),
  );
  const places = operations.flatMap(({ path, parameters }) => {
    const at = path.replace('/api/v1', '');
    if (at.includes('{')) return [(value: string) => at.replaceAll(/\{\w+\}/g, value)];
    const names = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
    return names.map((name) => (value: string) => `${at}?${name}=${value}`);
  });
  const encodable = naughtyStrings.filter((value) => value.isWellFormed() && value !== '' && !/^\.{1,2}$/.test(value));
  // Each string goes to some of the places, each place gets many strings.
  await eachOf(encodable, async (given, index) => {
    for (let turn = 0; turn < 4; turn += 1) {
      const place = places[(index * 4 + turn) % places.length]?.(encodeURIComponent(given)) ?? '';
      const { status } = await (place.startsWith('/ops') ? stack.operatorApi : api).get(place);
      expect({ place, isFault: status >= 500 }).toEqual({ place, isFault: false });
      if (!place.includes('?')) expect([400, 404]).toContain(status);
    }
  });
});

test('headers: a request id is echoed or replaced, an idempotency key taken or refused', async () => {
  const isSendable = (value: string) => /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value);
  const others = ['traceparent', 'accept', 'content-language', 'user-agent', 'authorization'];
  await eachOf(naughtyStrings.filter(isSendable), async (given, index) => {
    // As the sender cuts it.
    const value = given.replaceAll(/^[\t ]+|[\t ]+$/g, '');
    const seen = await send({ 'x-request-id': given, 'idempotency-key': given });
    const id = /^[A-Za-z0-9._-]{1,64}$/.test(value) ? value : expect.stringMatching(/^req-[0-9a-f]{12}$/);
    const isKey = /^[\x21-\x7e]{1,255}$/.test(value);
    expect({ given, id: seen.headers['x-request-id'], status: seen.status }).toEqual({
      given,
      id,
      status: isKey ? 201 : 400,
    });
    const name = others[index % others.length] ?? '';
    expect(await send({ [name]: given })).toMatchObject({ status: name === 'authorization' ? 401 : 201 });
  });
});

// fetch would refuse or mend some of these headers by itself.
function send(headers: Record<string, string>): Promise<{ status: number; headers: Record<string, unknown> }> {
  const { hostname, port } = new URL(stack.url);
  const authorization = `Bearer ${stack.keys.tenants[0]?.admin_key}`;
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, path: '/api/v1/policies/snapshots', method: 'POST', headers: { authorization, ...headers } },
      (answer) => {
        answer.resume();
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
      },
    );
    sent.once('error', reject);
    sent.end();
  });
}

test('uploads: names and contents; what is taken is shown, indexed and answered unchanged', async () => {
  const { planeId } = await anUploadPlane(api, 'taken', { unreadable_tolerance: 1 });
  const contents = new Map(naughtyStrings.map((given, index) => [`content-${index}.txt`, given]));
  for (let begin = 0; begin < contents.size; begin += 100) {
    const files = Object.fromEntries([...contents].slice(begin, begin + 100));
    const { status, body } = await api.upload(planeId, files);
    expect({ status, rejected: body.data?.rejected }).toEqual({ status: 202, rejected: [] });
  }
  await eachOf(naughtyStrings, async (given, index) => {
    const { status, body } = await api.upload(planeId, { [given]: `named ${index}` });
    expect({ given, status }).toEqual({ given, status: breaksHeader(given) && status === 400 ? 400 : 202 });
    for (const each of body.data?.accepted ?? []) expect(each.name).toBe(toFileName(given));
    if (index % 5 !== 0) return;
    const source = await api.upload(planeId, { 'x.txt': 'x' }, { source_id: given });
    expect({ given, isRefusal: [400, 404].includes(source.status) }).toEqual({ given, isRefusal: true });
  });
  await stepTo(api, planeId);
  const { rows } = await stack.owner.query<{ name: string; status: string; code: string | null }>(
    `select name, status, dead_letter_code as code from knowledge_documents where plane_id = $1`,
    [planeId],
  );
  const statusOf = new Map(rows.map(({ name, status }) => [name, status]));
  for (const [name, content] of contents) {
    const isReadable = content.trim() !== '' && !content.includes('\0') && !hasMostlyControls(content);
    expect({ name, content, status: statusOf.get(name) }).toEqual({
      name,
      content,
      status: isReadable ? 'indexed' : 'dead_letter',
    });
  }
}, 400_000);

// What a form can carry of a name: quotes and line ends are escaped by the sender, and half letters are replaced.
function toFileName(given: string): string {
  return given
    .toWellFormed()
    .replaceAll(/\r\n|\r|\n/g, '%0D%0A')
    .replaceAll('"', '%22')
    .normalize('NFC');
}

// With a control character in it, or with its closing quote escaped, the form cannot be read as a whole.
function breaksHeader(name: string): boolean {
  return /\p{Cc}|\\$/u.test(name);
}

function hasMostlyControls(text: string): boolean {
  return (text.match(/[\u0001-\u0008\u000e-\u001a\u001c-\u001f\u007f]/g)?.length ?? 0) > text.length / 10;
}

test('a JSON body of deep nesting or of very many members is refused or taken, never a fault', async () => {
  const headers = { authorization: `Bearer ${stack.keys.tenants[0]?.admin_key}`, 'content-type': 'application/json' };
  const deep = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
  const lists = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, index])));
  for (const body of [
    deep,
    lists,
    wide,
    `{"plane_id":"${plane.planeId}","action":"query","payload":{"query":"x","filters":${deep}}}`,
  ]) {
    for (const path of [
      '/api/v1/planes',
      '/api/v1/policies',
      '/api/v1/retrieval/execute',
      `/api/v1/knowledge/${plane.planeId}/query`,
    ]) {
      const answer = await rawCall(stack, { method: 'POST', path, headers, body });
      expect({ path, size: body.length, status: answer.status }).toEqual({ path, size: body.length, status: 400 });
    }
  }
});
