import path from 'node:path';
import type { ApiClient } from '../support/api-client';
import { committedWork } from '../support/committed-work';
import { onboardFolder } from '../support/file-planes';
import { closeIndexCommits, closeVectors, isThrowWaiting } from '../support/gates';
import { writeDocuments } from '../support/generated-documents';
import { activate, anUploadPlane, aPolicyFor, transition, waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  await writeDocuments(path.join(stack.folder, 'notes'), 60);
});
afterAll(() => stack?.stop());

const scopes = ['plane', 'tenant', 'global'] as const;
type Scope = (typeof scopes)[number];

const tenantId = () => stack.keys.tenants[0]?.tenant_id ?? '';
const onboard = (name: string, api = stack.api()) =>
  onboardFolder(api, { name, folder: path.join(stack.folder, 'notes') });

/** The key and the body with which this scope is stopped. */
function switchOf(scope: Scope, planeId: string): { api: ApiClient; body: Record<string, unknown> } {
  if (scope === 'global') return { api: stack.operatorApi, body: { scope } };
  return { api: stack.api(), body: scope === 'plane' ? { scope, scope_id: planeId } : { scope } };
}

async function setSwitch(scope: Scope, planeId: string, enabled: boolean): Promise<void> {
  const { api, body } = switchOf(scope, planeId);
  const answer = await api.post('/governance/kill-switch', { ...body, enabled, reason: 'drill' });
  expect(answer).toMatchObject({ status: 200, body: { data: { enabled, scope, kind: 'kill' } } });
}

async function stateOf(planeId: string) {
  return (await stack.api().get(`/lifecycle/${planeId}/state`)).body.data;
}

async function isIndexing(planeId: string): Promise<boolean> {
  const { body } = await stack.api().get(`/lifecycle/${planeId}/stages`);
  return body.data.items.some(
    ({ stage, status }: { stage: string; status: string }) => stage === 'index' && status === 'running',
  );
}

/** The job is ended as killed and its workflow waits for the next one. */
async function untilSettled(planeId: string): Promise<void> {
  const handle = stack.temporal.workflow.getHandle(`plane:${tenantId()}:${planeId}`);
  await until(async () => (await stateOf(planeId)).active_job_id === null, { what: 'the end of the job' });
  await until(async () => {
    const { raw, status } = await handle.describe();
    // A workflow that has ended keeps the activity that had not answered by then on its list for ever.
    return status.name !== 'RUNNING' || (raw.pendingActivities ?? []).length === 0;
  });
}

async function expectKilledAndRetriable(planeId: string, state: string): Promise<void> {
  expect(await stateOf(planeId)).toMatchObject({
    state,
    active_job_id: null,
    next_action: 'retry_knowledge_plane',
    last_job: { status: 'killed', error_code: 'action_blocked' },
  });
  const { rows } = await stack.owner.query(
    `select outcome, error_code from audit_events where plane_id = $1 and event_type = 'job.killed_by_switch'`,
    [planeId],
  );
  expect(rows).toEqual([{ outcome: 'killed', error_code: 'action_blocked' }]);
}

async function expectRetryToActive(scope: Scope, planeId: string): Promise<void> {
  const refused = await transition(stack.api(), planeId, 'retry_knowledge_plane');
  expect(refused).toMatchObject({ status: 403, body: { error: { reason: 'SWITCH_ENGAGED' } } });
  await setSwitch(scope, planeId, false);
  const retried = await transition(stack.api(), planeId, 'retry_knowledge_plane');
  expect(retried.body.data.job_id).toMatch(/^job_/);
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  await aPolicyFor(stack.api(), planeId);
  await activate(stack.api(), planeId);
}

describe.each(scopes)('a kill of the %s', (scope) => {
  test('before the work at hand commits: none of it does', async () => {
    const vectors = await closeVectors(stack, tenantId());
    const planeId = await onboard(`${scope} before`);
    await until(() => isIndexing(planeId));

    await setSwitch(scope, planeId, true);
    const atAck = await committedWork(stack, [planeId]);
    await vectors.open();
    await untilSettled(planeId);
    expect(await committedWork(stack, [planeId])).toEqual(atAck);
    expect(atAck.indexings).toEqual([]);
    await expectKilledAndRetriable(planeId, 'INGESTING');
    await expectRetryToActive(scope, planeId);
  });

  test('while a transaction of the work is open: it commits before the answer, nothing after it', async () => {
    const commits = await closeIndexCommits(stack);
    const planeId = await onboard(`${scope} during`);
    await until(() => commits.hasCaught());

    const answers: string[] = [];
    const thrown = setSwitch(scope, planeId, true).then(() => answers.push('thrown'));
    await until(() => isThrowWaiting(stack));
    expect(answers).toEqual([]);
    await commits.open();
    await thrown;
    const atAck = await committedWork(stack, [planeId]);
    expect(atAck.indexings).toHaveLength(40);
    await untilSettled(planeId);
    expect(await committedWork(stack, [planeId])).toEqual(atAck);
    await expectKilledAndRetriable(planeId, 'INGESTING');
    await expectRetryToActive(scope, planeId);
  });

  test('after the work has committed: it stays as it is, and goes on after the release without a retry', async () => {
    const api = stack.api();
    const planeId = await onboardFolder(api, {
      name: `${scope} after`,
      folder: path.join(stack.folder, 'notes'),
      onboard: false,
    });
    await transition(api, planeId, 'verify_knowledge_plane');
    await waitForState(api, planeId, 'VERIFIED');

    await setSwitch(scope, planeId, true);
    const atAck = await committedWork(stack, [planeId]);
    for (const action of ['ingest_knowledge_plane', 'fail_knowledge_plane']) {
      expect(await transition(api, planeId, action)).toMatchObject({
        status: 403,
        body: { error: { reason: 'SWITCH_ENGAGED', category: 'policy' } },
      });
    }
    expect(await committedWork(stack, [planeId])).toEqual(atAck);
    expect(await stateOf(planeId)).toMatchObject({ state: 'VERIFIED', last_job: { status: 'completed' } });
    await setSwitch(scope, planeId, false);
    expect((await transition(api, planeId, 'ingest_knowledge_plane')).status).toBe(200);
    await until(async () => (await stateOf(planeId)).active_job_id === null);
    expect((await stateOf(planeId)).last_job).toMatchObject({ kind: 'ingest_data', status: 'completed' });
  });
});

test('an activity that waits is stopped too, without anything that lets it go on', async () => {
  const vectors = await closeVectors(stack, tenantId());
  const planeId = await onboard('waits for ever');
  await until(() => isIndexing(planeId));
  await setSwitch('plane', planeId, true);
  await untilSettled(planeId);
  await expectKilledAndRetriable(planeId, 'INGESTING');
  await vectors.open();
  await setSwitch('plane', planeId, false);
});

test('the kill of one tenant leaves the work of another alone', async () => {
  const other = stack.api('admin', 1);
  const [vectors, otherVectors] = [
    await closeVectors(stack, tenantId()),
    await closeVectors(stack, stack.keys.tenants[1]?.tenant_id ?? ''),
  ];
  const planeId = await onboard('stopped');
  const otherId = await onboard('goes on', other);
  await until(() => isIndexing(planeId));
  await setSwitch('tenant', planeId, true);
  await Promise.all([vectors.open(), otherVectors.open()]);
  await waitForState(other, otherId, 'PENDING_ACTIVATE');
  await untilSettled(planeId);
  expect(await stateOf(planeId)).toMatchObject({ state: 'INGESTING', last_job: { status: 'killed' } });
  await setSwitch('tenant', planeId, false);
});

test('a second kill and an early release do not bring killed work back', async () => {
  const vectors = await closeVectors(stack, tenantId());
  const planeId = await onboard('twice');
  await until(() => isIndexing(planeId));
  await setSwitch('plane', planeId, true);
  await setSwitch('plane', planeId, true);
  await setSwitch('plane', planeId, false);
  const atRelease = await committedWork(stack, [planeId]);
  await vectors.open();
  await untilSettled(planeId);
  expect(await committedWork(stack, [planeId])).toEqual(atRelease);
  await expectKilledAndRetriable(planeId, 'INGESTING');
  await transition(stack.api(), planeId, 'retry_knowledge_plane');
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
});

test('a degraded tenant refuses new work and lets running work finish', async () => {
  const api = stack.api();
  const { planeId: draftId } = await anUploadPlane(api, 'draft');
  const vectors = await closeVectors(stack, tenantId());
  const planeId = await onboard('running');
  await until(() => isIndexing(planeId));
  const degraded = await api.post('/governance/mode', { mode: 'DEGRADED', scope: 'tenant', reason: 'maintenance' });
  expect(degraded.body.data).toMatchObject({ current_mode: 'DEGRADED' });

  const refused = [
    await api.post('/planes', { name: 'new', sources: [{ source_type: 'upload', name: 'up', config: {} }] }),
    await transition(api, draftId, 'verify_knowledge_plane'),
    await api.upload(draftId, { 'a.md': '# A' }),
  ];
  for (const answer of refused) {
    expect(answer).toMatchObject({ status: 403, body: { error: { reason: 'SWITCH_ENGAGED' } } });
  }
  await vectors.open();
  await waitForState(api, planeId, 'PENDING_ACTIVATE');
  await api.post('/governance/mode', { mode: 'NORMAL', scope: 'tenant', reason: 'over' });
  expect((await transition(api, draftId, 'verify_knowledge_plane')).status).toBe(200);
});
