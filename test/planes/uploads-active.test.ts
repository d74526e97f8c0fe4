import { readFileSync } from 'node:fs';
import path from 'node:path';
import { anActivePlane, textsOf } from '../support/active-plane';
import type { ApiClient } from '../support/api-client';
import { closeVectors } from '../support/gates';
import { holdDeliveries } from '../support/hold';
import { forgetObjects, pauseReading } from '../support/objects';
import { transition, waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
let api: ApiClient;
let tenantId: string;
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
  tenantId = stack.keys.tenants[0]?.tenant_id ?? '';
});
afterAll(() => stack.stop());

const settled = (planeId: string) => waitForState(api, planeId, 'ACTIVE');

async function inIndexStage(planeId: string): Promise<void> {
  await until(async () => {
    const { rows } = await stack.owner.query(
      `select 1 from plane_stage_progress s join knowledge_planes p on p.active_job_id = s.job_id
        where p.plane_id = $1 and s.stage = 'index' and s.status = 'running'`,
      [planeId],
    );
    return rows.length > 0;
  });
}

const jobsOf = async (planeId: string) => {
  const { rows } = await stack.owner.query<{ status: string }>(
    `select status from knowledge_jobs where plane_id = $1 and kind = 'sync_documents' order by created_at`,
    [planeId],
  );
  return rows.map(({ status }) => status);
};

test('an addition is found after its job', async () => {
  const { planeId } = await anActivePlane(api, 'addition', { files: { 'a.md': 'The harbour opens at six.' } });
  const answer = await api.upload(planeId, { 'b.md': 'The lighthouse opens at noon.' });
  expect(answer.status).toBe(202);
  expect(answer.body.data.job_id).toEqual(expect.any(String));
  await settled(planeId);
  expect((await textsOf(api, planeId, 'lighthouse')).toSorted()).toEqual([
    'The harbour opens at six.',
    'The lighthouse opens at noon.',
  ]);
  const { body } = await api.get(`/planes/${planeId}`);
  expect(body.data).toMatchObject({ document_count: 2, chunk_count: 2, active_job_id: null });
});

test('documents of every format of offices are read and found', async () => {
  const handbook = (name: string) => readFileSync(path.join(__dirname, '../../examples/handbook', name));
  const { planeId } = await anActivePlane(api, 'formats', { files: { 'a.md': 'The harbour opens at six.' } });
  const questions = [
    ['boat-rules.pdf', handbook('safety/boat-rules.pdf'), 'forecast for wind and swell', 'Check the forecast'],
    ['remote-work.docx', handbook('people/remote-work.docx'), 'working from elsewhere', 'Working from elsewhere'],
    ['pay.xlsx', handbook('people/payroll-calendar.xlsx'), 'salary paid in January', 'salary paid on: 2026-01-28'],
    ['day.pptx', handbook('people/onboarding-day.pptx'), 'wave tank is loud', 'The wave tank is loud'],
    ['mail.eml', handbook('customers/complaint-mirefield.eml'), 'complaint from Mirefield', 'From: '],
  ] as const;
  const uploaded = await api.upload(planeId, Object.fromEntries(questions.map(([name, file]) => [name, file])));
  expect(uploaded.status).toBe(202);
  await settled(planeId);
  const { body } = await api.get(`/planes/${planeId}/documents`);
  const formats = body.data.items.map(({ format }: { format: string }) => format);
  expect(formats.toSorted()).toEqual(['docx', 'eml', 'markdown', 'pdf', 'pptx', 'xlsx']);
  for (const [, , question, words] of questions) {
    expect((await textsOf(api, planeId, question)).join('\n')).toContain(words);
  }
});

test('a deleted document is not found any more at once, before its job has run', async () => {
  const { planeId, documentIds } = await anActivePlane(api, 'deletion', {
    files: { 'a.md': 'The harbour opens at six.', 'b.md': 'The lighthouse opens at noon.' },
  });
  const release = await holdDeliveries(stack.owner);
  try {
    expect(await api.delete(`/planes/${planeId}/documents/${documentIds['b.md']}`)).toMatchObject({ status: 202 });
    for (const action of ['query', 'search']) {
      const { body } = await api.post('/retrieval/execute', { plane_id: planeId, action, payload: { query: 'opens' } });
      expect(body.data.hits).toMatchObject([{ document_id: documentIds['a.md'] }]);
    }
    const byId = { plane_id: planeId, action: 'retrieve', payload: { document_ids: [documentIds['b.md']] } };
    expect((await api.post('/retrieval/execute', byId)).body.data.hits).toEqual([]);
    const list = await api.post('/retrieval/execute', { plane_id: planeId, action: 'list', payload: {} });
    expect(list.body.data.documents).toMatchObject([{ document_id: documentIds['a.md'] }]);
  } finally {
    await release();
  }
  await settled(planeId);
  const { body } = await api.get(`/planes/${planeId}`);
  expect(body.data).toMatchObject({ document_count: 1, chunk_count: 1 });
});

test('the last document deleted leaves an active plane that answers with nothing', async () => {
  const { planeId, documentIds } = await anActivePlane(api, 'emptied', { files: { 'a.md': 'The only one.' } });
  await api.delete(`/planes/${planeId}/documents/${documentIds['a.md']}`);
  await settled(planeId);
  expect(await textsOf(api, planeId, 'only')).toEqual([]);
});

test('a new version replaces the old one in the hits, which stand until then', async () => {
  const { planeId, documentIds } = await anActivePlane(api, 'new version', {
    files: { 'a.md': 'The ferry leaves at nine.', 'b.md': 'Tickets are sold on board.' },
  });
  const vectors = await closeVectors(stack, tenantId);
  try {
    await api.upload(planeId, { 'a.md': 'The ferry leaves at eleven.' });
    await inIndexStage(planeId);
    expect(await textsOf(api, planeId, 'ferry')).toContain('The ferry leaves at nine.');
  } finally {
    await vectors.open();
  }
  await settled(planeId);
  const texts = await textsOf(api, planeId, 'ferry');
  expect(texts).toContain('The ferry leaves at eleven.');
  expect(texts).not.toContain('The ferry leaves at nine.');
  expect(texts).toHaveLength(2);
  const byId = { plane_id: planeId, action: 'retrieve', payload: { document_ids: [documentIds['a.md']] } };
  expect((await api.post('/retrieval/execute', byId)).body.data.hits).toHaveLength(1);
});

test('a new version that cannot be read takes the document out of the answers', async () => {
  const { planeId } = await anActivePlane(api, 'spoilt', {
    files: { 'a.json': '{"ferry": "nine"}', 'b.md': 'Tickets are sold on board.' },
  });
  await api.upload(planeId, { 'a.json': '{"ferry": ' });
  await settled(planeId);
  expect(await textsOf(api, planeId, 'ferry')).toEqual(['Tickets are sold on board.']);
  const { body } = await api.get(`/planes/${planeId}/documents?status=dead_letter`);
  expect(body.data.items).toMatchObject([{ name: 'a.json', dead_letter: { code: 'malformed' } }]);
});

test('uploads, new versions and deletions while a job is at work are all taken up in the end', async () => {
  const { planeId, documentIds } = await anActivePlane(api, 'meanwhile', {
    files: { 'old.md': 'The mill stands still.', 'goes.md': 'The mill is for sale.' },
  });
  const vectors = await closeVectors(stack, tenantId);
  try {
    const first = await api.upload(planeId, { 'one.md': 'The mill grinds rye.', 'old.md': 'The mill turns again.' });
    await inIndexStage(planeId);
    const second = await api.upload(planeId, { 'two.md': 'The mill grinds wheat.' });
    const third = await api.upload(planeId, { 'one.md': 'The mill grinds oats.' });
    await api.delete(`/planes/${planeId}/documents/${documentIds['goes.md']}`);
    // They wait for the job at work, whose id they are told.
    expect([second.body.data.job_id, third.body.data.job_id]).toEqual([first.body.data.job_id, first.body.data.job_id]);
  } finally {
    await vectors.open();
  }
  await settled(planeId);
  expect((await textsOf(api, planeId, 'mill')).toSorted()).toEqual([
    'The mill grinds oats.',
    'The mill grinds wheat.',
    'The mill turns again.',
  ]);
  expect(await jobsOf(planeId)).toEqual(['completed', 'completed']);
  const { body } = await api.get(`/planes/${planeId}/documents`);
  expect(
    body.data.items.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`).toSorted(),
  ).toEqual(['goes.md deleted', 'old.md indexed', 'one.md indexed', 'two.md indexed']);
});

test('a version that comes while the one before is being read is not lost to it', async () => {
  const { planeId } = await anActivePlane(api, 'overtaken', { files: { 'a.md': 'The clock shows one.' } });
  const release = await holdDeliveries(stack.owner);
  await api.upload(planeId, { 'a.md': 'The clock shows two.' });
  const reading = await pauseReading(stack, planeId, 'a.md').finally(release);
  await reading.begun();
  await api.upload(planeId, { 'a.md': 'The clock shows three.' });
  await reading.goOn();
  await settled(planeId);
  expect(await textsOf(api, planeId, 'clock')).toEqual(['The clock shows three.']);
});

test('a failing job leaves the plane ACTIVE on its last versions, and a retry takes the change up', async () => {
  const { planeId } = await anActivePlane(api, 'failing', { files: { 'a.md': 'The tower is closed.' } });
  const release = await holdDeliveries(stack.owner);
  let restore: () => Promise<void>;
  try {
    await api.upload(planeId, { 'b.md': 'The tower is open.' });
    restore = await forgetObjects(stack, planeId, 'b.md');
  } finally {
    await release();
  }
  await settled(planeId);
  const { body } = await api.get(`/lifecycle/${planeId}/state`);
  expect(body.data).toMatchObject({
    state: 'ACTIVE',
    next_action: 'retry_knowledge_plane',
    last_job: { kind: 'sync_documents', status: 'failed' },
  });
  expect(await textsOf(api, planeId, 'tower')).toEqual(['The tower is closed.']);

  await restore();
  expect(await transition(api, planeId, 'retry_knowledge_plane')).toMatchObject({ status: 200 });
  await settled(planeId);
  expect((await textsOf(api, planeId, 'tower')).toSorted()).toEqual(['The tower is closed.', 'The tower is open.']);
  const after = await api.get(`/lifecycle/${planeId}/state`);
  expect(after.body.data.next_action).toBeNull();
});

test('a change that follows a failed job takes up what that one left', async () => {
  const { planeId } = await anActivePlane(api, 'failing, then going on', { files: { 'a.md': 'The tower is closed.' } });
  const release = await holdDeliveries(stack.owner);
  let restore: () => Promise<void>;
  try {
    await api.upload(planeId, { 'b.md': 'The tower is open.' });
    restore = await forgetObjects(stack, planeId, 'b.md');
  } finally {
    await release();
  }
  await settled(planeId);
  await restore();
  await api.upload(planeId, { 'c.md': 'The tower has a clock.' });
  await settled(planeId);
  expect(await textsOf(api, planeId, 'tower')).toHaveLength(3);
  expect((await api.get(`/lifecycle/${planeId}/state`)).body.data.next_action).toBeNull();
});

test('a document that comes back with the bytes it had is found again', async () => {
  const { planeId, documentIds } = await anActivePlane(api, 'back again', {
    files: { 'a.md': 'The bridge is up.', 'b.md': 'The bridge is old.' },
  });
  await api.delete(`/planes/${planeId}/documents/${documentIds['a.md']}`);
  await settled(planeId);
  expect(await textsOf(api, planeId, 'bridge')).toEqual(['The bridge is old.']);
  await api.upload(planeId, { 'a.md': 'The bridge is up.' });
  await settled(planeId);
  expect((await textsOf(api, planeId, 'bridge')).toSorted()).toEqual(['The bridge is old.', 'The bridge is up.']);
});
