import path from 'node:path';
import { ApiClient } from '../support/api-client';
import { onboardFolder } from '../support/file-planes';
import { closeVectors } from '../support/gates';
import { writeDocuments } from '../support/generated-documents';
import { activate, aPolicyFor, transition, waitForState } from '../support/planes';
import { startPlaneWorkflow } from '../support/plane-workflow';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  await writeDocuments(path.join(stack.folder, 'notes'), 5);
});
afterAll(() => stack?.stop());

const folder = () => path.join(stack.folder, 'notes');
const keyIdOf = (role: 'admin' | 'developer') => stack.as(role).actor.id;

interface JobEvent {
  readonly event_type: string;
  readonly actor_id: string;
  readonly request_id: string;
  readonly run_id: string;
  readonly kind: string;
}

async function jobEvents(planeId: string): Promise<JobEvent[]> {
  const { rows } = await stack.owner.query<JobEvent>(
    `select e.event_type, e.actor_id, e.request_id, e.run_id, j.kind
      from audit_events e join knowledge_jobs j on j.job_id = e.job_id
      where e.plane_id = $1 and e.event_type in ('LIFECYCLE_JOB_STARTED', 'StageProgressed', 'LIFECYCLE_JOB_COMPLETED',
        'LIFECYCLE_JOB_FAILED', 'PlaneGoverned') order by e.ordinal`,
    [planeId],
  );
  return rows;
}

async function actorsOfTransitions(planeId: string) {
  const { rows } = await stack.owner.query<{ to_status: string; actor_id: string }>(
    'select to_status, actor_id from knowledge_lifecycle_transitions where plane_id = $1 order by id',
    [planeId],
  );
  return rows.map(({ to_status, actor_id }) => [to_status, actor_id]);
}

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

test('a job acts as its requester under his request id, and a second requester on the same plane as himself', async () => {
  const [admin, developer] = [keyIdOf('admin'), keyIdOf('developer')];
  const registered = await stack.api('developer').post(
    '/planes',
    {
      name: 'two requesters',
      onboard: true,
      sources: [{ source_type: 'file', name: 'f', config: { path: folder() } }],
    },
    { headers: { 'x-request-id': 'req-of-the-developer' } },
  );
  const planeId = registered.body.data.plane_id as string;
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  const onboarding = await jobEvents(planeId);
  expect(distinct(onboarding.map(({ kind }) => kind))).toEqual([
    'verify_connectivity',
    'ingest_data',
    'index_data',
    'classify_data',
  ]);
  expect(distinct(onboarding.map(({ actor_id, request_id }) => `${actor_id} ${request_id}`))).toEqual([
    `${developer} req-of-the-developer`,
  ]);
  const workflowId = `plane:${stack.keys.tenants[0]?.tenant_id}:${planeId}`;
  const { runId } = await stack.temporal.workflow.getHandle(workflowId).describe();
  expect(distinct(onboarding.map(({ run_id }) => run_id))).toEqual([runId]);

  await aPolicyFor(stack.api(), planeId);
  await stack
    .api('admin')
    .post(
      `/lifecycle/${planeId}/transition`,
      { action: 'activate_knowledge_plane', reason: 'test' },
      { headers: { 'x-request-id': 'req-of-the-admin' } },
    );
  await waitForState(stack.api(), planeId, 'ACTIVE');
  const activation = (await jobEvents(planeId)).slice(onboarding.length);
  expect(activation.length).toBeGreaterThan(1);
  expect(distinct(activation.map(({ actor_id, request_id, run_id }) => `${actor_id} ${request_id} ${run_id}`))).toEqual(
    [`${admin} req-of-the-admin ${runId}`],
  );
  expect(await actorsOfTransitions(planeId)).toEqual([
    ...['pending_verify', 'verified', 'ingesting', 'indexed', 'classified', 'pending_activate'].map((to) => [
      to,
      developer,
    ]),
    ['active', admin],
  ]);
});

test('requesters stay who they are when the workflow continues as new between their jobs', async () => {
  const [admin, developer] = [keyIdOf('admin'), keyIdOf('developer')];
  const planeId = await onboardFolder(stack.api(), { name: 'long lived', folder: folder(), onboard: false });
  // Every job makes more events than this, so each one ends a run; what waits meanwhile is handed on.
  const input = { planeId, planeName: 'long lived', historyEventsMax: 10 };
  const workflowId = await startPlaneWorkflow(stack, { input, context: stack.as('admin') });
  await stack.owner.query('update knowledge_planes set onboard = true where plane_id = $1', [planeId]);
  await transition(stack.api('developer'), planeId, 'verify_knowledge_plane');
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  await aPolicyFor(stack.api(), planeId);
  await activate(stack.api('admin'), planeId);

  const events = await jobEvents(planeId);
  const actorOf = (kind: string) => distinct(events.filter((event) => event.kind === kind).map((e) => e.actor_id));
  expect(actorOf('verify_connectivity')).toEqual([developer]);
  expect(actorOf('classify_data')).toEqual([developer]);
  expect(actorOf('activate_plane')).toEqual([admin]);
  // Each job belongs to one run, and is known by the run's own id: a kill of a run reaches what that run does.
  const runs = distinct(events.map(({ kind, run_id }) => `${kind} ${run_id}`));
  expect(runs).toHaveLength(5);
  expect(new Set(runs.map((run) => run.split(' ')[1])).size).toBe(5);
  const handle = stack.temporal.workflow.getHandle(workflowId, events[0]?.run_id);
  expect((await handle.describe()).status.name).toBe('CONTINUED_AS_NEW');
});

test('a key that is revoked while its job runs stops the job at its next operation', async () => {
  const created = await stack.api().post('/api-keys', { name: 'short-lived', role: 'developer' });
  const { key, key_id: keyId } = created.body.data as { key: string; key_id: string };
  const vectors = await closeVectors(stack, stack.keys.tenants[0]?.tenant_id ?? '');
  const planeId = await onboardFolder(new ApiClient(stack.url, key), { name: 'revoked', folder: folder() });
  const stateOf = async () => (await stack.api().get(`/lifecycle/${planeId}/state`)).body.data;
  await until(async () => (await stateOf()).active_job?.kind === 'index_data');
  expect((await stack.api().delete(`/api-keys/${keyId}`)).status).toBe(200);
  await vectors.open();
  await until(async () => (await stateOf()).active_job_id === null);
  expect(await stateOf()).toMatchObject({
    state: 'VERIFIED',
    last_job: { kind: 'index_data', status: 'failed', error_code: 'authorization_failed' },
  });
});
