import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { planeScheduleId } from '../../contracts/workflow-ids';
import { textsOf } from '../support/active-plane';
import { ApiClient } from '../support/api-client';
import { closeVectors } from '../support/gates';
import { anUploadPlane, waitForState } from '../support/planes';
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

const { tenantId, at, handleOf, aFolderPlane, view, viewWithEngine, delivered, set, turn } = schedulesOf(() => stack);

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
});

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
      (keyId: string) =>
        stack.owner.query("update api_keys set expires_at = now() - interval '1 second' where key_id = $1", [keyId]),
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
  });

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
});

/** Turns that came while another was at work: left out, or waiting for its end. */
async function heldBack(planeId: string): Promise<number> {
  const { info } = (await handleOf(planeId).describe()).raw;
  return Number(info?.overlapSkipped ?? 0) + Number(info?.bufferSize ?? 0);
}

describe('a turn while the last one is at work', () => {
  test.each([
    ['SKIP', 1],
    ['BUFFER_ONE', 2],
  ])('%s: of three turns, two of them while the first is at work, %d are taken', async (overlap, taken) => {
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
    expect((await viewWithEngine(planeId)).skipped_by_overlap).toBe(3 - taken);
    await vectors.open();
    await until(async () => {
      const { run_count, last_result } = await view(planeId);
      return run_count === taken && last_result === 'completed';
    });
  });
});
