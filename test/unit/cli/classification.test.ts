import { startFakeApi, type FakeApi } from './fake-api';
import { runCommand } from './run-command';

let api: FakeApi;
const aos = (...args: string[]) => runCommand(args, { url: api.url });
beforeAll(async () => {
  api = await startFakeApi();
});
afterEach(() => api.reset());
afterAll(() => api.stop());

const planeId = 'kp_0123456789ab';
const kind = { kind: 'email', findings: 6, counted: 6, score_min: 0.5, score_max: 0.9 };
const explained = {
  plane_id: planeId,
  level: 'confidential',
  rule: { id: 'many_findings', order: 2, level: 'confidential', sentence: 'Five or more findings count.' },
  document_count: 3,
  findings: [{ ...kind, documents: 2 }],
  categories: [{ category: 'legal', documents: 1, share: 1 / 3, kept: true }],
  rules_version: 1,
  is_current: false,
  classified_at: '2026-03-01T10:00:00.123Z',
};
const documents = [{ document_id: 'doc_1', name: 'a.md', findings: 6, counted: 6, kinds: [kind] }];

test('planes classification tells the rule, the kinds, the categories and the documents', async () => {
  api.on(`GET /planes/${planeId}/classification`, { data: explained });
  api.on(`GET /planes/${planeId}/classification/documents`, { data: { items: documents } });
  const { exitCode, stdout } = await aos('planes', 'classification', planeId);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^level +confidential$/m);
  expect(stdout).toMatch(/^because +Five or more findings count\. \(rule 2, many_findings\)$/m);
  expect(stdout).toMatch(/^rules +version 1, not by the rules of today$/m);
  expect(stdout).toMatch(/^email +6 +6 +0\.5–0\.9 +2$/m);
  expect(stdout).toMatch(/^legal +1 +33 % +yes$/m);
  expect(stdout).toMatch(/^doc_1 +a\.md +6 +6 +email 6$/m);
  const json = await aos('planes', 'classification', planeId, '--json', '--kind', 'email');
  expect(JSON.parse(json.stdout)).toEqual({ ...explained, documents });
  expect(api.seen.at(-1)?.query.get('kind')).toBe('email');
});

test('planes reclassify names the job', async () => {
  api.on(`POST /planes/${planeId}/reclassify`, { status: 202, data: { plane_id: planeId, job_id: 'job_1' } });
  const { exitCode, stdout } = await aos('planes', 'reclassify', planeId);
  expect([exitCode, stdout]).toEqual([0, `the documents of ${planeId} are looked at again by job job_1\n`]);
});
