import path from 'node:path';
import { onboardFolder } from '../support/file-planes';
import { closeVectors } from '../support/gates';
import { writeDocuments } from '../support/generated-documents';
import { pauseBehindIndex, type PauseTerms } from '../support/pauses';
import { activate, anUploadPlane, aPolicyFor, transition, waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  await writeDocuments(path.join(stack.folder, 'notes'), 12);
});
afterAll(() => stack?.stop());

const tenantId = () => stack.keys.tenants[0]?.tenant_id ?? '';
const onboard = (name: string) => onboardFolder(stack.api(), { name, folder: path.join(stack.folder, 'notes') });
const pause = (name: string, terms?: PauseTerms) => pauseBehindIndex(stack, () => onboard(name), terms);

async function setSwitch(body: Record<string, unknown>, enabled: boolean, api = stack.api()) {
  return api.post('/governance/kill-switch', { reason: 'drill', ...body, enabled });
}

async function stateOf(planeId: string) {
  return (await stack.api().get(`/lifecycle/${planeId}/state`)).body.data;
}

async function pauseRow(pauseId: string) {
  const { body } = await stack.api().get('/governance/pauses');
  return body.data.items.find((item: { pause_id: string }) => item.pause_id === pauseId);
}

/** Whoever looks at the same moment as another finds it done, and says so as skipped. */
async function eventsOf(planeId: string, type: string): Promise<number> {
  const { rowCount } = await stack.owner.query(
    `select 1 from audit_events where plane_id = $1 and event_type = $2 and outcome <> 'skipped'`,
    [planeId, type],
  );
  return rowCount ?? 0;
}

async function untilNoJob(planeId: string): Promise<void> {
  await until(async () => (await stateOf(planeId)).active_job_id === null, { what: 'the end of the job' });
}

describe('a stop', () => {
  test('lets the stage at work end, begins no other, and is retried after its release', async () => {
    const vectors = await closeVectors(stack, tenantId());
    const planeId = await onboard('stopped');
    await until(async () => (await eventsOf(planeId, 'StageProgressed')) > 0);
    await until(async () => (await stateOf(planeId)).state === 'INGESTING');
    await until(
      async () =>
        (await stack.owner.query('select 1 from knowledge_index_runs where plane_id = $1', [planeId])).rowCount === 1,
    );
    const target = { scope: 'plane', scope_id: planeId, kind: 'stop' };
    expect((await setSwitch(target, true)).status).toBe(200);
    await vectors.open();
    await untilNoJob(planeId);
    // The index stage ran to its end and took the plane on; the classify stage behind it never began.
    expect(await stateOf(planeId)).toMatchObject({
      state: 'INDEXED',
      next_action: 'retry_knowledge_plane',
      last_job: { kind: 'classify_data', status: 'killed', error_code: 'action_blocked' },
    });
    const { rows } = await stack.owner.query(
      `select 1 from plane_stage_progress where plane_id = $1 and stage = 'classify'`,
      [planeId],
    );
    expect(rows).toEqual([]);
    expect(await transition(stack.api(), planeId, 'retry_knowledge_plane')).toMatchObject({
      status: 403,
      body: { error: { code: 'action_blocked', reason: 'SWITCH_ENGAGED', details: { kind: 'stop' } } },
    });
    await setSwitch(target, false);
    await transition(stack.api(), planeId, 'retry_knowledge_plane');
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  });

  test('refuses new work and questions, and lets settings be changed', async () => {
    const api = stack.api();
    const { planeId } = await anUploadPlane(api, 'under stop');
    await setSwitch({ scope: 'tenant', kind: 'stop' }, true);
    const refused = [
      await api.upload(planeId, { 'a.md': '# A' }),
      await transition(api, planeId, 'verify_knowledge_plane'),
      await api.post('/retrieval/execute', { plane_id: planeId, action: 'retrieve', payload: { document_ids: ['d'] } }),
    ];
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 403, body: { error: { reason: 'SWITCH_ENGAGED' } } });
    }
    expect((await api.post('/api-keys', { name: 'while stopped', role: 'viewer' })).status).toBe(201);
    await setSwitch({ scope: 'tenant', kind: 'stop' }, false);
    expect((await transition(api, planeId, 'verify_knowledge_plane')).status).toBe(200);
  });
});

describe('a pause', () => {
  test('holds the next step until its release, and the job goes on by itself', async () => {
    const { planeId, pauseId, release } = await pause('held');
    expect(await pauseRow(pauseId)).toMatchObject({ plane_id: planeId, outcome: null, on_timeout: 'TERMINATE' });
    expect((await stateOf(planeId)).active_job_id).toMatch(/^job_/);
    await release();
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    expect(await pauseRow(pauseId)).toMatchObject({ outcome: 'resumed', resumed_by: 'system:pauses' });
    expect([await eventsOf(planeId, 'RunPaused'), await eventsOf(planeId, 'RunPauseEnded')]).toEqual([1, 1]);
    await aPolicyFor(stack.api(), planeId);
    await activate(stack.api(), planeId);
  });

  test('is ended for one run by a person, and stays on for the rest', async () => {
    const { planeId, pauseId, switchId, release } = await pause('resumed by hand');
    const path = `/governance/pauses/${pauseId}/resume`;
    expect(await stack.api('viewer').post(path, { reason: 'no' })).toMatchObject({ status: 403 });
    expect(await stack.api('admin', 1).post(path, { reason: 'no' })).toMatchObject({ status: 404 });
    expect(await stack.api('developer').post(path, { reason: 'it may' })).toMatchObject({ status: 200 });
    // The switch is still on: the run that was let go on runs to its end, new work is refused.
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    expect(await transition(stack.api(), planeId, 'fail_knowledge_plane')).toMatchObject({ status: 403 });
    expect(await stack.api().post(path, { reason: 'again' })).toMatchObject({ status: 409 });
    expect((await stack.api().get(`/governance/switches/${switchId}/report`)).body.data).toMatchObject({
      kind: 'pause',
      status: 'none',
      paused_runs: 0,
    });
    await release();
  });

  test('that outlives its time ends the job, which can be retried', async () => {
    const { planeId, pauseId, release } = await pause('out of time', { slaSeconds: 1 });
    await untilNoJob(planeId);
    expect(await pauseRow(pauseId)).toMatchObject({ outcome: 'terminated' });
    expect(await stateOf(planeId)).toMatchObject({ state: 'INDEXED', last_job: { status: 'killed' } });
    await release();
    await transition(stack.api(), planeId, 'retry_knowledge_plane');
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  });

  test('that outlives its time goes on, where its switch says so', async () => {
    const { planeId, pauseId, release } = await pause('goes on', { slaSeconds: 1, onTimeout: 'CONTINUE' });
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    expect(await pauseRow(pauseId)).toMatchObject({ outcome: 'continued' });
    await release();
  });

  test('that outlives its time calls for a person, where its switch says so', async () => {
    const { planeId, pauseId, release } = await pause('escalates', { slaSeconds: 1, onTimeout: 'ESCALATE' });
    await until(async () => (await eventsOf(planeId, 'RunPauseEscalated')) === 1);
    expect(await pauseRow(pauseId)).toMatchObject({ outcome: null, escalated_at: expect.any(String) });
    expect((await stateOf(planeId)).active_job_id).toMatch(/^job_/);
    await release();
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  });

  test('warns before its time is over', async () => {
    const { planeId, release } = await pause('warns', { slaSeconds: 301 });
    await until(async () => (await eventsOf(planeId, 'RunPauseWarned')) === 1);
    await release();
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  });

  test('gives way to a kill', async () => {
    const { planeId, pauseId, release } = await pause('killed while it waits');
    await setSwitch({ scope: 'plane', scope_id: planeId, kind: 'kill' }, true);
    await untilNoJob(planeId);
    expect(await pauseRow(pauseId)).toMatchObject({ outcome: 'killed' });
    await setSwitch({ scope: 'plane', scope_id: planeId, kind: 'kill' }, false);
    await release();
    await transition(stack.api(), planeId, 'retry_knowledge_plane');
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  });

  test('of the operator is not ended by a tenant', async () => {
    const { planeId, pauseId, release } = await pause('of the operator');
    await stack.owner.query(
      `update runtime_switches set owner = 'operator' where switch_id =
      (select switch_id from run_pauses where pause_id = $1)`,
      [pauseId],
    );
    const answer = await stack.api().post(`/governance/pauses/${pauseId}/resume`, { reason: 'mine' });
    expect(answer).toMatchObject({ status: 403, body: { error: { code: 'authorization_failed' } } });
    await stack.owner.query(`update runtime_switches set owner = 'tenant' where scope_id = $1`, [planeId]);
    await release();
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  });

  test('takes its terms with the throw only', async () => {
    const body = { scope: 'tenant', kind: 'kill', sla_seconds: 60 };
    expect(await setSwitch(body, true)).toMatchObject({ status: 400, body: { error: { code: 'invalid_input' } } });
    expect(await setSwitch({ scope: 'tenant', kind: 'pause', sla_seconds: 5 }, true)).toMatchObject({ status: 400 });
  });
});
