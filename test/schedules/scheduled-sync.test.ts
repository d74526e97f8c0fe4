import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { planeScheduleId } from '../../contracts/workflow-ids';
import { ApiClient } from '../support/api-client';
import { textsOf } from '../support/active-plane';
import { onboardFolder } from '../support/file-planes';
import { closeVectors } from '../support/gates';
import { writeDocuments } from '../support/generated-documents';
import { activate, anUploadPlane, aPolicyFor, waitForState } from '../support/planes';
import { seedPlane } from '../support/seeds';
import { startTestStack, type TestStack } from '../support/stack';
import { temporalCli } from '../support/temporal-cli';
import { until } from '../support/until';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
}, 60_000);
afterAll(() => stack?.stop());

const tenantId = () => stack.keys.tenants[0]?.tenant_id ?? '';
const at = (planeId: string) => `/planes/${planeId}/sync-schedule`;
const scheduleOf = (planeId: string) => planeScheduleId(tenantId(), planeId);
const handleOf = (planeId: string) => stack.temporal.schedule.getHandle(scheduleOf(planeId));
const hourly = { interval_seconds: 3_600 };

/** A plane that reads a folder of its own, ACTIVE. */
async function aFolderPlane(name: string): Promise<{ planeId: string; folder: string }> {
  const folder = path.join(stack.folder, name);
  await writeDocuments(folder, 3);
  const planeId = await onboardFolder(stack.api(), { name, folder });
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  await aPolicyFor(stack.api(), planeId);
  await activate(stack.api(), planeId);
  return { planeId, folder };
}

async function view(planeId: string) {
  return (await stack.api().get(at(planeId))).body.data;
}

/** Sets the schedule and waits until the engine keeps it, as the row says. */
async function set(planeId: string, body: object = hourly, api: ApiClient = stack.api()): Promise<string> {
  const answer = await api.put(at(planeId), body);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  await until(delivered, { what: 'delivery' });
  return answer.body.data.schedule_id as string;
}

async function delivered(): Promise<boolean> {
  const { rows } = await stack.owner.query(`select 1 from event_outbox where published_at is null`);
  return rows.length === 0;
}

/** One turn by hand; returns the schedule when the turn has come out. */
async function turn(planeId: string) {
  const { run_count: before } = await view(planeId);
  await handleOf(planeId).trigger();
  await until(
    async () => {
      const { run_count, last_result } = await view(planeId);
      return run_count > before && last_result !== 'started';
    },
    { what: 'the end of the turn' },
  );
  return view(planeId);
}

interface EventRow {
  readonly event_type: string;
  readonly outcome: string;
  readonly actor_id: string;
  readonly actor_type: string;
  readonly request_id: string;
  readonly trace_id: string;
  readonly run_id: string;
  readonly evidence: Record<string, unknown>;
}

async function events(planeId: string, actorId: string): Promise<EventRow[]> {
  const { rows } = await stack.owner.query<EventRow>(
    `select event_type, outcome, actor_id, actor_type, request_id, trace_id, run_id, evidence from audit_events
      where (plane_id = $1 or actor_id = $2) and actor_id = $2 order by ordinal`,
    [planeId, actorId],
  );
  return rows;
}

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];

test('a turn reads the plane again as schedule:{id}, each under a request and a trace of its own', async () => {
  const { planeId, folder } = await aFolderPlane('read again');
  const scheduleId = await set(planeId);
  const actor = `schedule:${scheduleId}`;
  await writeFile(path.join(folder, 'late.md'), 'The heron stands in the late water.');

  expect(await turn(planeId)).toMatchObject({ last_result: 'completed', last_reason: null, run_count: 1 });
  expect((await textsOf(stack.api(), planeId, 'heron')).join()).toContain('heron');
  const first = await events(planeId, actor);
  expect(distinct(first.map(({ event_type }) => event_type))).toEqual(
    expect.arrayContaining([
      'SchedulerJobTriggered',
      'LIFECYCLE_JOB_STARTED',
      'StageProgressed',
      'LIFECYCLE_JOB_COMPLETED',
    ]),
  );
  expect(distinct(first.map(({ actor_type }) => actor_type))).toEqual(['machine']);
  // The same request and trace in the schedule's own workflow and in the plane's, whose run ids differ.
  expect(distinct(first.map(({ request_id }) => request_id))).toEqual([expect.stringMatching(/^req-[0-9a-f]{12}$/)]);
  expect(distinct(first.map(({ trace_id }) => trace_id))).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
  expect(distinct(first.map(({ run_id }) => run_id))).toHaveLength(2);

  await turn(planeId);
  const second = (await events(planeId, actor)).slice(first.length);
  expect(distinct(second.map(({ request_id }) => request_id))).toHaveLength(1);
  expect(second[0]?.request_id).not.toBe(first[0]?.request_id);
  expect(second[0]?.trace_id).not.toBe(first[0]?.trace_id);
}, 90_000);

describe("what the creator's key may do now bounds the next turn", () => {
  async function creator(name: string, role = 'developer') {
    const { key, key_id: keyId } = (await stack.api().post('/api-keys', { name, role })).body.data;
    return { api: new ApiClient(stack.url, key), keyId: keyId as string };
  }

  test.each([
    ['revoked', (keyId: string) => stack.api().delete(`/api-keys/${keyId}`)],
    [
      'demoted',
      (keyId: string) => stack.owner.query(`update iam_grants set role = 'viewer' where identity = $1`, [keyId]),
    ],
    [
      'run out',
      (keyId: string) => stack.owner.query('update api_keys set expires_at = now() where key_id = $1', [keyId]),
    ],
  ])('%s between two turns: the second is refused, on record, and another key takes over', async (word, end) => {
    const { planeId } = await aFolderPlane(`creator ${word}`);
    const { api, keyId } = await creator(word);
    const scheduleId = await set(planeId, hourly, api);
    expect(await turn(planeId)).toMatchObject({ last_result: 'completed', created_by: keyId });

    await end(keyId);
    expect(await turn(planeId)).toMatchObject({
      last_result: 'refused',
      last_reason: expect.stringContaining('authorization_failed'),
      last_job_id: null,
      run_count: 2,
    });
    const refused = await events(planeId, `schedule:${scheduleId}`);
    expect(refused.at(-1)).toMatchObject({ event_type: 'OperationRefused', outcome: 'blocked' });
    const [recorded] = (await events(planeId, 'system:scheduled-sync')).slice(-1);
    expect(recorded).toMatchObject({
      event_type: 'SchedulerJobTriggered',
      outcome: 'blocked',
      request_id: refused.at(-1)?.request_id,
    });
    expect((await stack.api().get(`/lifecycle/${planeId}/state`)).body.data).toMatchObject({
      state: 'ACTIVE',
      active_job_id: null,
    });

    expect(await set(planeId, hourly)).toBe(scheduleId);
    expect(await turn(planeId)).toMatchObject({ last_result: 'completed' });
  });

  test('a schedule of an admin may no more than a schedule may', async () => {
    const { planeId } = await aFolderPlane('admin');
    const scheduleId = await set(planeId);
    const context = { ...stack.as('admin'), actor: { id: `schedule:${scheduleId}`, type: 'machine' as const } };
    const call = stack.dispatch(context, 'policies.create', {
      params: { name: 'mine', enforcement_mode: 'BLOCK', conditions: {} },
      idempotencyKey: 'k',
    });
    await expect(call).rejects.toMatchObject({ code: 'authorization_failed' });
  });
});

describe('a turn that finds nothing to do, or is not let do it', () => {
  test('a plane that is not ACTIVE, or has a job at work, is left out with the reason', async () => {
    const { planeId } = await anUploadPlane(stack.api(), 'in draft');
    await set(planeId);
    expect(await turn(planeId)).toMatchObject({ last_result: 'skipped', last_reason: 'the plane is DRAFT' });

    const busy = await seedPlane(stack.owner, tenantId(), 'ACTIVE');
    await set(busy.planeId);
    await stack.owner.query(`update knowledge_planes set active_job_id = 'job_busy' where plane_id = $1`, [
      busy.planeId,
    ]);
    expect(await turn(busy.planeId)).toMatchObject({
      last_result: 'skipped',
      last_reason: 'the job job_busy is at work',
    });
  });

  test('an engaged switch refuses it, and says so; released, the next turn runs', async () => {
    const { planeId } = await aFolderPlane('switched');
    await set(planeId);
    const kill = { enabled: true, reason: 'test', scope: 'plane', scope_id: planeId };
    await stack.api().post('/governance/kill-switch', kill);
    expect(await turn(planeId)).toMatchObject({
      last_result: 'refused',
      last_reason: expect.stringContaining('SWITCH_ENGAGED'),
    });
    await stack.api().post('/governance/kill-switch', { ...kill, enabled: false });
    await stack.api().post('/governance/kill-switch', { ...kill, kind: 'degraded' });
    expect(await turn(planeId)).toMatchObject({ last_result: 'refused' });
    await stack.api().post('/governance/kill-switch', { ...kill, kind: 'degraded', enabled: false });
    expect(await turn(planeId)).toMatchObject({ last_result: 'completed' });
  }, 60_000);

  test('a suspended tenant takes no turn', async () => {
    const neighbour = stack.keys.tenants[1]?.tenant_id ?? '';
    const api = stack.api('admin', 1);
    const { planeId } = await anUploadPlane(api, 'suspended');
    const handle = stack.temporal.schedule.getHandle(planeScheduleId(neighbour, planeId));
    await api.put(at(planeId), hourly);
    await until(delivered);
    await stack.owner.query(`update tenants set status = 'suspended' where tenant_id = $1`, [neighbour]);
    await handle.trigger();
    const result = async () => {
      const { rows } = await stack.owner.query(
        'select last_result, last_reason from plane_schedules where plane_id = $1',
        [planeId],
      );
      return rows[0];
    };
    await until(async () => (await result())?.last_result === 'refused');
    expect((await result())?.last_reason).toContain('TENANT_INACTIVE');
    await stack.owner.query(`update tenants set status = 'active' where tenant_id = $1`, [neighbour]);
  });
});

test('pause, resume and change reach the engine, and a paused schedule takes no turn even by hand', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'paused');
  await set(planeId, { cron: '30 4 * * mon-fri' });
  const shown = await view(planeId);
  expect(shown).toMatchObject({ cron: '30 4 * * mon-fri', interval_seconds: null, timezone: 'UTC', overlap: 'SKIP' });
  expect(shown.next_run_at).toMatch(/T04:30:00/);
  expect((await handleOf(planeId).describe()).policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 60_000 });

  await stack.api().post(`${at(planeId)}/pause`);
  await until(async () => (await handleOf(planeId).describe()).state.paused);
  expect(await view(planeId)).toMatchObject({ enabled: false, next_run_at: null });
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
  const { stdout } = await temporalCli('schedule', 'list', '--output', 'json');
  expect(stdout).toContain(scheduleOf(planeId));
});

test('a kill by signal ends the turn and is on record; the job goes its own way', async () => {
  const { planeId } = await aFolderPlane('killed');
  const vectors = await closeVectors(stack, tenantId());
  await writeFile(path.join(stack.folder, 'killed', 'late.md'), 'What is new waits for the index.');
  await set(planeId);
  await handleOf(planeId).trigger();
  await until(async () => (await view(planeId)).last_result === 'started');
  const recent = async () => (await handleOf(planeId).describe()).info.recentActions.at(-1);
  await until(async () => (await recent()) !== undefined);
  const workflowId = (await recent())?.action.workflow.workflowId ?? '';
  await temporalCli('workflow', 'signal', '--workflow-id', workflowId, '--name', 'kill');
  await until(async () => (await view(planeId)).last_result === 'failed');
  expect(await view(planeId)).toMatchObject({ last_reason: 'stopped by the kill signal' });
  await vectors.open();
  await waitForState(stack.api(), planeId, 'ACTIVE');
  expect((await stack.api().get(`/lifecycle/${planeId}/state`)).body.data.last_job).toMatchObject({
    kind: 'sync_documents',
    status: 'completed',
  });
}, 60_000);

/** Turns that came while another was at work: left out, or waiting for its end. */
async function heldBack(planeId: string): Promise<number> {
  const { info } = (await handleOf(planeId).describe()).raw;
  return Number(info?.overlapSkipped ?? 0) + Number(info?.bufferSize ?? 0);
}

describe('a turn while the last one is at work', () => {
  test.each([
    ['SKIP', 1],
    ['BUFFER_ONE', 2],
  ])(
    '%s: of three turns, two of them while the first is at work, %d are taken',
    async (overlap, taken) => {
      const { planeId } = await aFolderPlane(`overlap ${overlap}`);
      const vectors = await closeVectors(stack, tenantId());
      await writeFile(path.join(stack.folder, `overlap ${overlap}`, 'late.md'), 'What is new waits for the index.');
      await set(planeId, { ...hourly, overlap });
      // By hand a turn obeys the policy only when it is said so.
      const { state, policies } = await handleOf(planeId).describe();
      expect(state.paused).toBe(false);
      const trigger = () => handleOf(planeId).trigger(policies.overlap);
      await trigger();
      await until(async () => (await view(planeId)).last_result === 'started');
      // One after the other: the engine takes those that come at once for one.
      for (let turn = 2; turn <= 3; turn += 1) {
        await trigger();
        await until(async () => (await heldBack(planeId)) === turn - 1, { what: `turn ${turn} behind the first` });
      }
      // Null as long as the engine does not answer in time, which it may on a busy machine.
      await until(async () => (await view(planeId)).skipped_by_overlap !== null, { what: 'the count of the engine' });
      expect((await view(planeId)).skipped_by_overlap).toBe(3 - taken);
      await vectors.open();
      await until(async () => {
        const { run_count, last_result } = await view(planeId);
        return run_count === taken && last_result === 'completed';
      });
    },
    60_000,
  );
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
    expect({ cron, next: typeof (await view(planeId)).next_run_at }).toEqual({ cron, next: 'string' });
  }
}, 30_000);

test('a start without what the schedule hands over ends at once, and for good', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'no context');
  const handle = await stack.temporal.workflow.start('scheduledSync', {
    workflowId: `sync-by-hand-${planeId}`,
    taskQueue: stack.taskQueue,
    args: [{ planeId, scheduleId: 'sch_0000000000000000' }],
  });
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'invalid_input', nonRetryable: true } });
});
