import { rulesVersion } from '../../contracts/classification';
import { reclassifyOutdated } from '../../operations/maintenance/reclassify-outdated';
import { anActivePlane, ask, stepTo } from '../support/active-plane';
import type { ApiClient } from '../support/api-client';
import { holdFindings } from '../support/hold-findings';
import { forgetTexts } from '../support/objects';
import { anUploadPlane, transition, waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
let api: ApiClient;
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
});
afterAll(() => stack.stop());

const turn = (max?: number) =>
  reclassifyOutdated(stack.worker.systemDb, stack.worker.dispatch, max === undefined ? {} : { max });

/** As if an older version had classified the plane and found nothing. */
async function makeOlder(planeId: string): Promise<void> {
  await stack.owner.query(`delete from knowledge_findings where plane_id = $1`, [planeId]);
  await stack.owner.query(
    `update knowledge_documents set rules_version = $2, finding_counts = '{}', categories = '{}' where plane_id = $1`,
    [planeId, rulesVersion - 1],
  );
  await stack.owner.query(
    `update knowledge_planes set rules_version = $2, sensitivity_level = 'internal', pii_detected = false
      where plane_id = $1`,
    [planeId, rulesVersion - 1],
  );
}

const explain = async (planeId: string) => (await api.get(`/planes/${planeId}/classification`)).body.data;

async function jobsOf(planeId: string): Promise<string[]> {
  const { rows } = await stack.owner.query<{ status: string }>(
    `select status from knowledge_jobs where plane_id = $1 and kind = 'reclassify_documents' order by created_at`,
    [planeId],
  );
  return rows.map(({ status }) => status);
}

async function untilRunning(planeId: string): Promise<void> {
  await until(async () => (await jobsOf(planeId)).at(-1) === 'running', { what: 'the job' });
}

const card = '4111 1111 1111 1111';
const mails = Array.from({ length: 5 }, (_, n) => `heron${n}@mail.example`).join(' ');

test('an ACTIVE plane of older rules is looked at again once, answers meanwhile, and its risen level holds', async () => {
  const { planeId } = await anActivePlane(api, 'older', {
    files: { 'a.md': `The heron paid with ${card}.`, 'b.md': 'The heron waits.' },
    conditions: { allowed_plane_ids: ['*'] },
  });
  await makeOlder(planeId);
  expect(await explain(planeId)).toMatchObject({ is_current: false, rules_version: rulesVersion - 1 });
  const release = await holdFindings(stack.owner);
  try {
    expect(await Promise.all([turn(), turn()])).toContainEqual([planeId]);
    await untilRunning(planeId);
    expect(await jobsOf(planeId)).toEqual(['running']);
    expect(await ask(api, planeId, 'heron')).toMatchObject({ status: 200 });
    expect(await turn()).toEqual([]);
  } finally {
    await release();
  }
  await waitForState(api, planeId, 'ACTIVE');
  expect(await explain(planeId)).toMatchObject({
    level: 'restricted',
    rule: { id: 'restricted_kind' },
    is_current: true,
  });
  expect(await ask(api, planeId, 'heron')).toMatchObject({ status: 403 });
  expect(await turn()).toEqual([]);
  expect(await jobsOf(planeId)).toEqual(['completed']);
  const { rows } = await stack.owner.query(
    `select event_type, outcome, actor_id from audit_events where plane_id = $1
      and event_type in ('ReclassificationRequested', 'PlaneClassified') and actor_id = 'system:reconciler'
      order by recorded_at`,
    [planeId],
  );
  expect(rows.map(({ event_type }) => event_type)).toEqual(
    expect.arrayContaining(['ReclassificationRequested', 'PlaneClassified']),
  );
  const findings = await stack.owner.query('select kind from knowledge_findings where plane_id = $1', [planeId]);
  expect(findings.rows).toEqual([{ kind: 'credit_card' }]);
});

test('a kill stops the re-classification, the reconciler leaves it to a person, and a retry ends it', async () => {
  const { planeId } = await anActivePlane(api, 'killed', { files: { 'a.md': `Write to ${mails}` } });
  await makeOlder(planeId);
  const release = await holdFindings(stack.owner);
  const target = { scope: 'plane', scope_id: planeId, reason: 'drill' };
  try {
    expect(await turn()).toEqual([planeId]);
    await untilRunning(planeId);
    expect(await api.post('/governance/kill-switch', { ...target, enabled: true })).toMatchObject({ status: 200 });
  } finally {
    await release();
  }
  await until(async () => (await jobsOf(planeId)).at(-1) === 'killed', { what: 'the kill' });
  expect(await turn()).toEqual([]);
  expect(await explain(planeId)).toMatchObject({ level: 'internal', is_current: false });
  await api.post('/governance/kill-switch', { ...target, enabled: false });
  expect(await turn()).toEqual([]);
  expect(await transition(api, planeId, 'retry_knowledge_plane')).toMatchObject({ status: 200 });
  await waitForState(api, planeId, 'ACTIVE');
  expect(await explain(planeId)).toMatchObject({ level: 'confidential', is_current: true });
  expect(await jobsOf(planeId)).toEqual(['killed', 'completed']);
});

test('planes wait their turn; one whose texts are gone stays as it was and waits for a retry', async () => {
  const planes = await Promise.all(
    ['one', 'two', 'three'].map(async (name) => {
      const { planeId } = await anUploadPlane(api, name);
      await api.upload(planeId, { 'a.md': `Write to ${mails}, says ${name}` });
      await stepTo(api, planeId, 'CLASSIFIED');
      await makeOlder(planeId);
      return planeId;
    }),
  );
  const release = await holdFindings(stack.owner);
  const begun = await turn(2);
  try {
    expect(begun).toHaveLength(2);
    expect(await turn(2)).toEqual([]);
  } finally {
    await release();
  }
  await Promise.all(begun.map((planeId) => waitForState(api, planeId, 'CLASSIFIED')));
  const [last = ''] = planes.filter((planeId) => !begun.includes(planeId));
  await forgetTexts(stack, last);
  expect(await turn(2)).toEqual([last]);
  await waitForState(api, last, 'CLASSIFIED');
  const { body } = await api.get(`/lifecycle/${last}/state`);
  expect(body.data).toMatchObject({ next_action: 'retry_knowledge_plane', last_job: { status: 'failed' } });
  expect(await explain(last)).toMatchObject({ level: 'internal', is_current: false });
  expect(await turn(2)).toEqual([]);
});

test('asked by hand, every document is looked at again; the same key begins one job', async () => {
  const { planeId } = await anUploadPlane(api, 'by hand');
  await api.upload(planeId, { 'a.md': `Write to ${mails}` });
  await stepTo(api, planeId, 'CLASSIFIED');
  await stack.owner.query('delete from knowledge_findings where plane_id = $1', [planeId]);
  const reclassify = () => api.send('POST', `/planes/${planeId}/reclassify`, undefined, { key: 'again' });
  const [first, second] = [await reclassify(), await reclassify()];
  expect(first).toMatchObject({ status: 202, body: { data: { plane_id: planeId } } });
  expect(second.body.data).toEqual(first.body.data);
  await waitForState(api, planeId, 'CLASSIFIED');
  expect(await jobsOf(planeId)).toEqual(['completed']);
  const { rows } = await stack.owner.query('select kind from knowledge_findings where plane_id = $1', [planeId]);
  expect(rows).toHaveLength(5);
});
