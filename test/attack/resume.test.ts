import { newKey, startTestOperations, type TestOperations } from '../support/operations';
import { systemContext } from '../../operations/system-context';

let core: TestOperations;
beforeAll(async () => {
  core = await startTestOperations();
});
afterAll(() => core.stop());

const tenantId = () => core.keys.tenants[0]?.tenant_id ?? '';

/** A job that waits at a pause of its plane, as its workflow would have recorded it. */
async function aPausedJob(name: string) {
  const { planeId } = await core.dispatch(core.as('admin'), 'knowledge.planes.register', {
    params: {
      ...{ name, plane_type: 'private' as const, unreadable_tolerance: 0.1, onboard: false },
      sources: [{ source_type: 'upload', name: 'up', config: {} }],
    },
    idempotencyKey: newKey(),
  });
  const { jobId } = await core.dispatch(core.as('admin'), 'knowledge.planes.transition', {
    params: { planeId, action: 'verify_knowledge_plane', reason: 'test' },
    idempotencyKey: newKey(),
  });
  const change = await turn(planeId, 'pause', true);
  const opened = await core.dispatch(systemContext(tenantId(), 'test'), 'governance.pauses.open', {
    params: {
      ...{ planeId, jobId: jobId ?? '', workflowId: `plane:${planeId}` },
      ...{ switchId: change.switchId, switchEpoch: change.epoch },
    },
    idempotencyKey: newKey(),
  });
  if (!opened.paused) throw new Error('the job did not pause');
  return { planeId, pauseId: opened.pauseId };
}

function turn(planeId: string, kind: 'kill' | 'pause', enabled: boolean) {
  return core.dispatch(core.as('admin'), 'governance.switches.change', {
    params: { scope: 'plane', scopeId: planeId, kind, enabled, reason: 'drill' },
    idempotencyKey: newKey(),
  });
}

const eventsOf = async (pauseId: string) => {
  const { rows } = await core.owner.query<{ event: string }>(
    `select event_type || ' ' || outcome as event from audit_events where resource_id = $1 order by ordinal`,
    [pauseId],
  );
  return rows.map(({ event }) => event);
};

test('nobody lets a run go on while the tenant is killed', async () => {
  const { pauseId } = await aPausedJob('killed');
  const kill = (enabled: boolean) =>
    core.dispatch(core.as('admin'), 'governance.switches.change', {
      params: { scope: 'tenant', kind: 'kill', enabled, reason: 'drill' },
      idempotencyKey: newKey(),
    });
  await kill(true);
  const resume = () =>
    core.dispatch(core.as('developer'), 'governance.pauses.resume', {
      params: { pauseId, reason: 'please' },
      idempotencyKey: newKey(),
    });
  await expect(resume()).rejects.toMatchObject({ reason: 'SWITCH_ENGAGED', details: { kind: 'kill' } });
  const { rows } = await core.owner.query('select outcome from run_pauses where pause_id = $1', [pauseId]);
  expect(rows).toEqual([{ outcome: null }]);
  await kill(false);
  expect(await resume()).toMatchObject({ pauseId });
});

test('a run whose pause was released goes on, though its time is over before it hears of that', async () => {
  const { planeId, pauseId } = await aPausedJob('released late');
  await turn(planeId, 'pause', false);
  const decided = await core.dispatch(systemContext(tenantId(), 'test'), 'governance.pauses.expire', {
    params: { pauseId },
    idempotencyKey: newKey(),
  });
  expect(decided).toEqual({ decision: 'go_on' });
});

test('looking twice for released pauses does not put on record that the run still waits', async () => {
  const { planeId, pauseId } = await aPausedJob('looked for twice');
  await turn(planeId, 'pause', false);
  for (let looks = 0; looks < 3; looks += 1) {
    await core.dispatch(systemContext(tenantId(), 'test'), 'governance.pauses.resume_released', {
      params: { pauseId },
      idempotencyKey: newKey(),
    });
  }
  expect(await eventsOf(pauseId)).toEqual([
    'RunPaused pending',
    'RunPauseEnded success',
    'RunPauseEnded skipped',
    'RunPauseEnded skipped',
  ]);
});
