import type { ApiAnswer, ApiClient } from '../support/api-client';
import { states, type State } from '../support/lifecycle-tables';
import { anUploadPlane, transition, waitForState } from '../support/planes';
import { planeRows, seedPlane } from '../support/seeds';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let api: ApiClient;
let tenantId: string;
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
  tenantId = stack.keys.tenants[0]?.tenant_id ?? '';
});
afterAll(() => stack.stop());

interface Document {
  readonly document_id: string;
  readonly name: string;
  readonly status: string;
  readonly version: string;
  readonly format: string | null;
  readonly dead_letter: { readonly code: string; readonly reason: string } | null;
}

async function documentsOf(planeId: string, query = ''): Promise<Document[]> {
  const { body } = await api.get(`/planes/${planeId}/documents?limit=1000${query}`);
  return body.data.items;
}

async function ingested(planeId: string): Promise<void> {
  for (const [action, state] of [
    ['verify_knowledge_plane', 'VERIFIED'],
    ['ingest_knowledge_plane', 'INGESTING'],
  ] as const) {
    expect(await transition(api, planeId, action)).toMatchObject({ status: 200 });
    await waitForState(api, planeId, state);
  }
}

const acceptedNames = ({ body }: ApiAnswer) => body.data.accepted.map(({ name }: { name: string }) => name);

describe('documents change in DRAFT, VERIFIED and ACTIVE only', () => {
  const open: readonly State[] = ['DRAFT', 'VERIFIED', 'ACTIVE'];

  test.each(states)('%s', async (state) => {
    const { planeId } = await seedPlane(stack.owner, tenantId, state);
    const documentId = `doc_${planeId}`;
    await stack.owner.query(
      `insert into knowledge_documents (document_id, plane_id, source_id, tenant_id, name)
        select $2, plane_id, source_id, tenant_id, 'old.txt' from knowledge_sources where plane_id = $1`,
      [planeId, documentId],
    );
    const before = await planeRows(stack.owner, planeId);
    const uploaded = await api.upload(planeId, { 'new.txt': 'hello' });
    if (open.includes(state)) {
      expect(uploaded.status).toBe(202);
      expect(acceptedNames(uploaded)).toEqual(['new.txt']);
      expect(await api.delete(`/planes/${planeId}/documents/${documentId}`)).toMatchObject({ status: 202 });
      return;
    }
    const deleted = await api.delete(`/planes/${planeId}/documents/${documentId}`);
    for (const refused of [uploaded, deleted]) {
      expect(refused.status).toBe(409);
      expect(refused.body.error).toMatchObject({ code: 'invalid_state', details: { state } });
    }
    expect(await planeRows(stack.owner, planeId)).toEqual(before);
  });
});

test('with several upload sources the source is named', async () => {
  const { body } = await api.post('/planes', {
    name: 'several',
    sources: ['a', 'b'].map((name) => ({ source_type: 'upload', name, config: {} })),
  });
  const planeId = body.data.plane_id as string;
  const [first, second] = body.data.sources as { source_id: string }[];
  const unnamed = await api.upload(planeId, { 'x.txt': 'x' });
  expect(unnamed.status).toBe(400);
  expect(unnamed.body.error).toMatchObject({ code: 'invalid_input', details: { field: 'source_id' } });
  const unknown = await api.upload(planeId, { 'x.txt': 'x' }, { source_id: 'src_nobody' });
  expect(unknown.status).toBe(404);
  for (const source of [first, second]) {
    const named = await api.upload(planeId, { 'x.txt': 'x' }, { source_id: source?.source_id ?? '' });
    expect(named.status).toBe(202);
  }
  // The same name in two sources is two documents.
  expect(await documentsOf(planeId)).toHaveLength(2);
});

test('a plane without an upload source takes none', async () => {
  const { body } = await api.post('/planes', {
    name: 'no uploads',
    sources: [{ source_type: 'file', name: 'files', config: { path: stack.folder } }],
  });
  expect(await api.upload(body.data.plane_id, { 'x.txt': 'x' })).toMatchObject({
    status: 409,
    body: { error: { code: 'invalid_state' } },
  });
});

test('names that cannot be stored are rejected with their reason, and the others go on', async () => {
  const { planeId } = await anUploadPlane(api, 'names');
  const answer = await api.upload(planeId, {
    'good.txt': 'fine',
    '../escape.txt': 'x',
    'a/../../escape.txt': 'x',
    '/etc/passwd': 'x',
    'C:/windows.txt': 'x',
    'back\\slash.txt': 'x',
    'tab\there.txt': 'x',
    ' ': 'x',
    [`${'l'.repeat(1021)}.txt`]: 'x',
    'folder/deep/fine.txt': 'fine',
    'ünï–cödé 🎉.txt': 'fine',
  });
  expect(answer.status).toBe(202);
  expect(acceptedNames(answer)).toEqual(['good.txt', 'folder/deep/fine.txt', 'ünï–cödé 🎉.txt']);
  expect(answer.body.data.rejected).toHaveLength(8);
  for (const { reason } of answer.body.data.rejected) expect(reason).toMatch(/^the (file|name)/);
  expect((await documentsOf(planeId)).map(({ name }) => name).toSorted()).toEqual(acceptedNames(answer).toSorted());
});

test('a file over the limit is rejected while the others go on', async () => {
  const { planeId } = await anUploadPlane(api, 'oversize');
  const answer = await api.upload(planeId, {
    'before.txt': 'fine',
    'huge.txt': new Uint8Array(100 * 1024 * 1024 + 1).fill(97),
    'after.txt': 'fine',
  });
  expect(answer.status).toBe(202);
  expect(acceptedNames(answer)).toEqual(['before.txt', 'after.txt']);
  expect(answer.body.data.rejected).toEqual([{ name: 'huge.txt', reason: expect.stringContaining('larger than') }]);
});

test('a form without files, with a foreign field, or of another type is refused', async () => {
  const { planeId } = await anUploadPlane(api, 'forms');
  const path = `/planes/${planeId}/documents`;
  const form = (fill: (form: FormData) => void) => {
    const made = new FormData();
    fill(made);
    return api.send('POST', path, made);
  };
  const answers = await Promise.all([
    form((each) => each.append('source_id', 'src_x')),
    form((each) => each.append('other', new Blob(['x']), 'x.txt')),
    form((each) => each.append('comment', 'x')),
    api.post(path, { files: ['x'] }),
    api.send('POST', path),
  ]);
  for (const { status, body } of answers) {
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      category: 'permanent',
      code: 'invalid_input',
      details: { field: expect.any(String) },
    });
  }
  expect(await documentsOf(planeId)).toEqual([]);
});

test('empty, unknown and malformed documents are dead letters with name and reason, and the rest goes on', async () => {
  const { planeId } = await anUploadPlane(api, 'dead letters', { unreadable_tolerance: 1 });
  const unreadable: Readonly<Record<string, string | Uint8Array>> = {
    'empty.txt': '',
    'blank.md': ' \n\t\n ',
    'broken.json': '{"half": ',
    'broken.jsonl': '{"a": 1}\n{"b": \n',
    'not-text.txt': new Uint8Array([0, 159, 146, 150]),
    'unknown.bin': new Uint8Array([0, 1, 2, 3, 255]),
    'paper.pdf': '%PDF-1.7 …',
    'empty.html': '<html><body></body></html>',
  };
  const readable = { 'good.md': '# Good\n\nreadable', 'good.csv': 'a,b\n1,2\n', noextension: 'plain words' };
  const uploaded = await api.upload(planeId, { ...unreadable, ...readable });
  expect(uploaded.body.data).toMatchObject({ rejected: [], accepted: { length: 11 } });
  expect((await documentsOf(planeId)).map(({ status }) => status)).toEqual(Array.from({ length: 11 }, () => 'pending'));
  await ingested(planeId);

  const dead = await documentsOf(planeId, '&status=dead_letter');
  expect(dead.map(({ name }) => name).toSorted()).toEqual(Object.keys(unreadable).toSorted());
  for (const { dead_letter: letter } of dead) {
    expect(letter).toEqual({ code: expect.stringMatching(/^[a-z_]+$/), reason: expect.stringMatching(/\w+/) });
  }
  const stored = await documentsOf(planeId, '&status=stored');
  expect(stored.map(({ name }) => name).toSorted()).toEqual(Object.keys(readable).toSorted());

  const { rows } = await stack.owner.query(
    `select result from knowledge_jobs where plane_id = $1 and kind = 'ingest_data'`,
    [planeId],
  );
  expect(rows[0].result).toMatchObject({ found: 11, stored: 3, dead_letters: 8 });
});

test('found is stored plus dead-lettered after each ingestion, also when documents are mended or spoilt', async () => {
  const { planeId } = await anUploadPlane(api, 'found', { unreadable_tolerance: 0.6 });
  await api.upload(planeId, { 'a.json': '{', 'b.json': '{', 'c.txt': 'words' });
  expect(await transition(api, planeId, 'verify_knowledge_plane')).toMatchObject({ status: 200 });
  await waitForState(api, planeId, 'VERIFIED');
  // Two of three are more than the plane tolerates: it is back in VERIFIED, where documents can be mended.
  await transition(api, planeId, 'ingest_knowledge_plane');
  await waitForState(api, planeId, 'VERIFIED');
  await api.upload(planeId, { 'a.json': '{"mended": true}' });
  await transition(api, planeId, 'ingest_knowledge_plane');
  await waitForState(api, planeId, 'INGESTING');
  const { rows } = await stack.owner.query(
    `select status, result from knowledge_jobs where plane_id = $1 and kind = 'ingest_data' order by created_at`,
    [planeId],
  );
  expect(rows).toMatchObject([
    { status: 'failed' },
    { status: 'completed', result: { found: 3, stored: 2, dead_letters: 1 } },
  ]);
});

test('the same name again is a new version of the same document; the same bytes are no new version', async () => {
  const { planeId } = await anUploadPlane(api, 'versions');
  const first = (await api.upload(planeId, { 'a.txt': 'one' })).body.data.accepted[0];
  const second = (await api.upload(planeId, { 'a.txt': 'two' })).body.data.accepted[0];
  const third = (await api.upload(planeId, { 'a.txt': 'two' })).body.data.accepted[0];
  expect(second.document_id).toBe(first.document_id);
  expect(second.version).not.toBe(first.version);
  expect(third).toEqual(second);
  expect(await documentsOf(planeId)).toMatchObject([{ document_id: first.document_id, version: second.version }]);
});

test('a deleted document is gone, and cannot be deleted again; uploaded anew it is back', async () => {
  const { planeId } = await anUploadPlane(api, 'deleted');
  const { document_id: id } = (await api.upload(planeId, { 'a.txt': 'one' })).body.data.accepted[0];
  expect(await api.delete(`/planes/${planeId}/documents/${id}`)).toMatchObject({ status: 202 });
  expect(await api.delete(`/planes/${planeId}/documents/${id}`)).toMatchObject({ status: 404 });
  expect(await documentsOf(planeId, '&status=deleted')).toMatchObject([{ document_id: id }]);
  const again = (await api.upload(planeId, { 'a.txt': 'one' })).body.data.accepted[0];
  expect(again.document_id).toBe(id);
  await ingested(planeId);
  expect(await documentsOf(planeId, '&status=stored')).toMatchObject([{ document_id: id }]);
});
