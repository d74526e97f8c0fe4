import { anUploadPlane } from '../support/planes';
import { seedPlane } from '../support/seeds';
import { startTestStack, type TestStack } from '../support/stack';
import { temporalCli } from '../support/temporal-cli';
import { until } from '../support/until';
import { hourly, schedulesOf } from './schedules-of';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack?.stop());

const { tenantId, at, scheduleOf, handleOf, view, viewWithEngine, delivered, set, turn } = schedulesOf(() => stack);

test('pause, resume and change reach the engine, and a paused schedule takes no turn even by hand', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'paused');
  await set(planeId, { cron: '30 4 * * mon-fri' });
  const shown = await viewWithEngine(planeId);
  expect(shown).toMatchObject({ cron: '30 4 * * mon-fri', interval_seconds: null, timezone: 'UTC', overlap: 'SKIP' });
  expect(shown.next_run_at).toMatch(/T04:30:00/);
  expect((await handleOf(planeId).describe()).policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 60_000 });

  await stack.api().post(`${at(planeId)}/pause`);
  await until(async () => (await handleOf(planeId).describe()).state.paused);
  expect(await viewWithEngine(planeId)).toMatchObject({ enabled: false, next_run_at: null });
  expect(await turn(planeId)).toMatchObject({ last_result: 'skipped', last_reason: 'the schedule is paused' });

  await stack.api().post(`${at(planeId)}/resume`);
  await until(async () => !(await handleOf(planeId).describe()).state.paused);
  await set(planeId, { interval_seconds: 600, overlap: 'BUFFER_ONE' });
  expect(await view(planeId)).toMatchObject({ cron: null, interval_seconds: 600, overlap: 'BUFFER_ONE' });
  const { spec, policies } = await handleOf(planeId).describe();
  expect(policies.overlap).toBe('BUFFER_ONE');
  expect(spec).toMatchObject({ intervals: [{ every: 600_000 }], calendars: [] });
  // A changed schedule has kept its identity.
  expect(await turn(planeId)).toMatchObject({ last_reason: 'the plane is DRAFT' });
});

test('the same definition twice is one schedule; a schedule that was lost in the engine is made again by it', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'twice');
  const scheduleId = await set(planeId);
  expect(await set(planeId)).toBe(scheduleId);
  const answers = await Promise.all([1, 2, 3].map(() => stack.api().put(at(planeId), hourly)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  await until(delivered);
  const { rows } = await stack.owner.query('select schedule_id, version from plane_schedules where plane_id = $1', [
    planeId,
  ]);
  expect(rows).toEqual([{ schedule_id: scheduleId, version: 1 }]);

  await handleOf(planeId).delete();
  expect(await view(planeId)).toMatchObject({ next_run_at: null });
  await set(planeId);
  expect(await turn(planeId)).toMatchObject({ last_result: 'skipped' });
});

test('delete removes it from the engine with all that it may do, and a new one has a name of its own', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'deleted');
  const scheduleId = await set(planeId);
  expect(await stack.api().delete(at(planeId))).toMatchObject({ status: 200, body: { data: { deleted: true } } });
  await until(delivered);
  await expect(handleOf(planeId).describe()).rejects.toMatchObject({ name: 'ScheduleNotFoundError' });
  expect(await stack.api().get(at(planeId))).toMatchObject({ status: 404 });
  expect(await stack.api().delete(at(planeId))).toMatchObject({ status: 404 });
  expect(await stack.api().post(`${at(planeId)}/pause`)).toMatchObject({ status: 404 });
  const { rows } = await stack.owner.query('select revoked_at from iam_grants where identity = $1', [
    `schedule:${scheduleId}`,
  ]);
  expect(rows).toEqual([{ revoked_at: expect.any(Date) }]);
  expect(await set(planeId)).not.toBe(scheduleId);
  expect(await turn(planeId)).toMatchObject({ last_result: 'skipped' });
  const list = async () => (await temporalCli('schedule', 'list', '--output', 'json')).stdout;
  await until(async () => (await list()).includes(scheduleOf(planeId)), { what: 'the engine to list the new one' });
});

test('what cannot be a schedule is refused at the door', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'refused');
  const bodies = [
    {},
    { cron: '* * * * *', interval_seconds: 60 },
    { interval_seconds: 59 },
    { interval_seconds: 1.5 },
    { interval_seconds: 3_600, overlap: 'ALLOW_ALL' },
    { cron: '@daily' },
    { cron: '* * * *' },
    { cron: '60 * * * *' },
    { cron: '0 0 31 2 *' },
    { cron: '* * * * * *' },
    { cron: '0 0 * * *; drop table planes' },
    { interval_seconds: 3_600, tenant_id: 'ten_other' },
    { interval_seconds: 3_600, timezone: 'Europe/Berlin' },
  ];
  for (const body of bodies) {
    expect({ body, status: (await stack.api().put(at(planeId), body)).status }).toEqual({ body, status: 400 });
  }
  const { planeId: failed } = await seedPlane(stack.owner, tenantId(), 'FAILED');
  expect(await stack.api().put(at(failed), hourly)).toMatchObject({ status: 409 });
  expect(await stack.api('viewer').put(at(planeId), hourly)).toMatchObject({ status: 403 });
  expect(await stack.api('admin', 1).put(at(planeId), hourly)).toMatchObject({ status: 404 });
  expect(await stack.api('admin', 1).get(at(planeId))).toMatchObject({ status: 404 });
  expect(await stack.api().get(at(planeId))).toMatchObject({ status: 404 });
});

test('every expression that the door lets in is one that the engine takes', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'expressions');
  for (const cron of ['*/15 * * * *', '0 4 * * 7', '5,35 8-18/2 1-15 jan,JUL MON-FRI', '0 0 29 2 *', '59 23 31 12 0']) {
    await set(planeId, { cron });
    expect({ cron, next: typeof (await viewWithEngine(planeId)).next_run_at }).toEqual({ cron, next: 'string' });
  }
});

test('a start without what the schedule hands over ends at once, and for good', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'no context');
  const handle = await stack.temporal.workflow.start('scheduledSync', {
    workflowId: `sync-by-hand-${planeId}`,
    taskQueue: stack.taskQueue,
    args: [{ planeId, scheduleId: 'sch_0000000000000000' }],
  });
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'invalid_input', nonRetryable: true } });
});
