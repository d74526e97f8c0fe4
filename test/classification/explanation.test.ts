import { ClassificationView, ClassifiedDocumentView } from '../../contracts/api/classification';
import { rulesVersion } from '../../contracts/classification';
import { stepTo, type Files } from '../support/active-plane';
import type { ApiClient } from '../support/api-client';
import { anUploadPlane } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let api: ApiClient;
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
});
afterAll(() => stack.stop());

const explain = async (planeId: string) => (await api.get(`/planes/${planeId}/classification`)).body.data;

async function classified(name: string, files: Files, plane_type = 'private'): Promise<string> {
  const { planeId } = await anUploadPlane(api, name, { plane_type });
  await api.upload(planeId, files);
  await stepTo(api, planeId, 'CLASSIFIED');
  return planeId;
}

const mails = (count: number) => Array.from({ length: count }, (_, n) => `heron${n}@mail.example`).join(' ');

const rows: [string, string, string, string, 'private' | 'public'][] = [
  ['restricted_kind', 'restricted', `Card 4111 1111 1111 1111 of ${mails(6)}, see the contract`, '', 'public'],
  ['many_findings', 'confidential', `Write to ${mails(5)}, see the contract`, '', 'public'],
  ['findings_in_sensitive_category', 'confidential', `The patient writes from ${mails(1)}`, 'healthcare', 'private'],
  ['some_findings', 'internal', `Write to ${mails(4)}`, '', 'public'],
  ['declared_public', 'public', 'The heron reads the API guide', 'technical', 'public'],
  ['otherwise', 'internal', 'The heron signs the contract', 'legal', 'public'],
];

test('every row of the table is explained by its rule', async () => {
  const seen = await Promise.all(
    rows.map(async ([rule, , text, , type]) => explain(await classified(rule, { 'a.md': text }, type))),
  );
  for (const [index, [rule, level, , category, type]] of rows.entries()) {
    const explanation = ClassificationView.parse(seen[index]);
    expect(explanation).toMatchObject({
      schema_version: '1.0',
      level,
      rule: { id: rule, order: index + 1, level, sentence: expect.stringMatching(/\.$/) },
      declared_public: type === 'public',
      document_count: 1,
      rules_version: rulesVersion,
      rules_version_current: rulesVersion,
      is_current: true,
      classified_at: expect.any(String),
    });
    expect(explanation.pii_detected).toBe(explanation.findings.some(({ counted }) => counted > 0));
    if (category === '') continue;
    expect(explanation.categories).toContainEqual({ category, documents: 1, share: 1, kept: true });
  }
  expect(seen[0].findings).toEqual([
    { kind: 'email', findings: 6, counted: 6, score_min: 0.9, score_max: 0.9, documents: 1 },
    { kind: 'credit_card', findings: 1, counted: 1, score_min: 1, score_max: 1, documents: 1 },
  ]);
});

test('weak findings are shown and do not count; a category of too few documents is shown and not kept', async () => {
  const files = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`${n}.md`, `The heron number ${n} waits.`]));
  const planeId = await classified('weak', { ...files, '0.md': 'Number 219099998 of the invoice.' }, 'public');
  const explanation = await explain(planeId);
  expect(explanation).toMatchObject({ level: 'public', rule: { id: 'declared_public' }, pii_detected: false });
  expect(explanation.findings).toEqual([
    { kind: 'ssn', findings: 1, counted: 0, score_min: 0.5, score_max: 0.5, documents: 1 },
  ]);
  expect(explanation.categories).toEqual([{ category: 'financial', documents: 1, share: 1 / 11, kept: false }]);
});

test('the documents are paged, with the strongest kinds first, and none holds a value', async () => {
  const card = '4111 1111 1111 1111';
  const planeId = await classified('documents', {
    'a.md': `Card ${card} and ${mails(2)}`,
    'b.md': 'The heron waits.',
    'c.md': `Mail ${mails(1)}`,
  });
  const path = `/planes/${planeId}/classification/documents`;
  const all = await api.get(path);
  expect(JSON.stringify(all.body)).not.toMatch(/4111|heron0/);
  const items = all.body.data.items.map((item: unknown) => ClassifiedDocumentView.parse(item));
  expect(
    items.map(({ name, findings, counted, kinds }: ClassifiedDocumentView) => [
      name,
      findings,
      counted,
      kinds.map(({ kind }) => kind),
    ]),
  ).toEqual(
    expect.arrayContaining([
      ['a.md', 3, 3, ['credit_card', 'email']],
      ['b.md', 0, 0, []],
      ['c.md', 1, 1, ['email']],
    ]),
  );
  const first = (await api.get(`${path}?limit=2`)).body;
  const second = (await api.get(`${path}?limit=2&cursor=${encodeURIComponent(first.meta.next_cursor)}`)).body;
  expect([...first.data.items, ...second.data.items]).toEqual(all.body.data.items);
  expect(second.meta.next_cursor).toBeNull();
  const cards = (await api.get(`${path}?kind=credit_card`)).body;
  expect(cards.data.items.map(({ name }: { name: string }) => name)).toEqual(['a.md']);
  expect(await api.get(`${path}?kind=none`)).toMatchObject({ status: 400 });
});

test('a plane that is not classified yet says so, and one of another tenant is not there', async () => {
  const { planeId } = await anUploadPlane(api, 'draft');
  expect(await explain(planeId)).toMatchObject({ level: null, rule: null, findings: [], is_current: false });
  for (const path of [`/planes/${planeId}/classification`, `/planes/${planeId}/classification/documents`]) {
    const answer = await stack.api('admin', 1).get(path);
    expect(answer).toMatchObject({ status: 404, body: { error: { reason: 'PLANE_NOT_FOUND' } } });
  }
  const foreign = await stack.api('admin', 1).send('POST', `/planes/${planeId}/reclassify`);
  expect(foreign).toMatchObject({ status: 404, body: { error: { reason: 'PLANE_NOT_FOUND' } } });
  const early = await api.send('POST', `/planes/${planeId}/reclassify`);
  expect(early).toMatchObject({ status: 409, body: { error: { reason: 'INVALID_STATE' } } });
});
