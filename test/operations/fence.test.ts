import { Client } from 'pg';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';
import { until } from '../support/until';

let core: TestOperations;
beforeAll(async () => {
  core = await startTestOperations();
});
afterAll(() => core.stop());

const tenantId = (n: 0 | 1 = 0) => core.keys.tenants[n]?.tenant_id ?? '';

async function aPlane(name: string): Promise<string> {
  const { planeId } = await core.dispatch(core.as('admin'), 'knowledge.planes.register', {
    params: {
      name,
      plane_type: 'private',
      unreadable_tolerance: 0.1,
      onboard: false,
      sources: [{ source_type: 'upload', name: 'up', config: {} }],
    },
    idempotencyKey: newKey(),
  });
  return planeId;
}

const verify = (planeId: string) =>
  core.dispatch(core.as('admin'), 'knowledge.planes.transition', {
    params: { planeId, action: 'verify_knowledge_plane' },
    idempotencyKey: newKey(),
  });

const throwSwitch = (scopeId: string, enabled = true, kind: 'kill' | 'degraded' = 'kill') =>
  core.dispatch(core.as('admin'), 'governance.switches.change', {
    params: { scope: 'plane', scopeId, enabled, kind, reason: 'test' },
    idempotencyKey: newKey(),
  });

async function stateOf(planeId: string): Promise<string> {
  const { rows } = await core.owner.query<{ status: string }>(
    'select status from knowledge_planes where plane_id = $1',
    [planeId],
  );
  return rows[0]?.status ?? '';
}

/** Waits for backends that hold or want our advisory locks in the given mode. */
async function waitForLock(mode: 'ShareLock' | 'ExclusiveLock', granted: boolean): Promise<void> {
  await until(async () => {
    const { rows } = await core.owner.query(
      `select 1 from pg_locks where locktype = 'advisory' and mode = $1 and granted = $2
        and database = (select oid from pg_database where datname = current_database())`,
      [mode, granted],
    );
    return rows.length > 0;
  });
}

test('a fenced transaction that waits on the lock while a throw commits sees the throw and is refused', async () => {
  const planeId = await aPlane('waits');
  const holder = new Client({ connectionString: core.database.ownerUrl });
  await holder.connect();
  await holder.query(`select pg_advisory_lock(aos_fence_key('plane', $1, $2))`, [planeId, tenantId()]);
  const fenced = verify(planeId).then(
    () => 'committed',
    (error: unknown) => error,
  );
  await waitForLock('ShareLock', false);
  await core.owner.query(
    `insert into runtime_switches (switch_id, kind, scope_type, scope_id, tenant_id, owner, enabled, epoch, reason, actor_id, actor_type)
      values ('sw_by_hand', 'kill', 'plane', $1, $2, 'tenant', true, 1, 'test', 'test', 'human')`,
    [planeId, core.keys.tenants[0]?.tenant_id],
  );
  await holder.end();
  expect(await fenced).toMatchObject({ code: 'action_blocked', reason: 'SWITCH_ENGAGED' });
  expect(await stateOf(planeId)).toBe('draft');
});

test('a throw is acknowledged only after the fenced transactions before it have ended', async () => {
  const planeId = await aPlane('barrier');
  const earlier = new Client({ connectionString: core.database.ownerUrl });
  await earlier.connect();
  await earlier.query('begin');
  await earlier.query(`select set_config('aos.tenant', $1, true)`, [tenantId()]);
  await earlier.query(`select * from aos_fence(array['plane'], array[$1])`, [planeId]);
  const acknowledged: string[] = [];
  const thrown = throwSwitch(planeId).then(() => acknowledged.push('throw'));
  await waitForLock('ExclusiveLock', false);
  expect(acknowledged).toEqual([]);
  // Whoever comes now waits behind the barrier; the row was committed before it, so the switch is seen then.
  const newcomer = verify(planeId).catch((error: unknown) => error);
  await waitForLock('ShareLock', false);
  await earlier.query('commit');
  await earlier.end();
  await thrown;
  expect(acknowledged).toEqual(['throw']);
  expect(await newcomer).toMatchObject({ reason: 'SWITCH_ENGAGED' });
  expect(await stateOf(planeId)).toBe('draft');
});

test('a throw on a name that others use too waits for nobody else, and holds nobody else up', async () => {
  const earlier = new Client({ connectionString: core.database.ownerUrl });
  await earlier.connect();
  await earlier.query('begin');
  await earlier.query(`select set_config('aos.tenant', $1, true)`, [tenantId(1)]);
  const names = { capability: 'retrieval.query', run: 'same-name', server: 'files', integration: 'crm' };
  await earlier.query(`select * from aos_fence($1, $2)`, [Object.keys(names), Object.values(names)]);
  for (const [scope, scopeId] of Object.entries(names)) {
    const params = { scope: scope as keyof typeof names, scopeId, kind: 'kill' as const, reason: 'test' };
    for (const enabled of [true, false]) {
      const request = { params: { ...params, enabled }, idempotencyKey: newKey() };
      const change = await core.dispatch(core.as('admin'), 'governance.switches.change', request);
      expect(change).toMatchObject({ enabled, scope, tenantId: tenantId() });
    }
  }
  await earlier.end();
});

test('after the acknowledgement nothing in the scope commits, whoever was on the way', async () => {
  const planeIds = await Promise.all(Array.from({ length: 8 }, (_, index) => aPlane(`stampede ${index}`)));
  const tenantThrow = () =>
    core.dispatch(core.as('admin'), 'governance.switches.change', {
      params: { scope: 'tenant', enabled: true, kind: 'kill', reason: 'stampede' },
      idempotencyKey: newKey(),
    });
  const attempts = planeIds.map((planeId) => verify(planeId).catch(() => undefined));
  await tenantThrow();
  const { rows: atAck } = await core.owner.query(`select count(*)::int as n from knowledge_lifecycle_transitions`);
  await Promise.all(attempts);
  const { rows: later } = await core.owner.query(`select count(*)::int as n from knowledge_lifecycle_transitions`);
  expect(later).toEqual(atAck);
  await core.dispatch(core.as('admin'), 'governance.switches.change', {
    params: { scope: 'tenant', enabled: false, kind: 'kill', reason: 'over' },
    idempotencyKey: newKey(),
  });
});

test('work that began before a throw is refused by the risen epoch, although the switch is off again', async () => {
  const planeId = await aPlane('epoch');
  const { jobId } = await verify(planeId);
  const job = { planeId, jobId: jobId ?? '' };
  const context = core.as('admin');
  await core.dispatch(context, 'knowledge.jobs.begin', { params: job, idempotencyKey: newKey() });
  await throwSwitch(planeId);
  await throwSwitch(planeId, false);
  const late = core.dispatch(context, 'knowledge.verify.finish', {
    params: { ...job, counts: {} },
    idempotencyKey: newKey(),
  });
  await expect(late).rejects.toMatchObject({ reason: 'SWITCH_ENGAGED', details: { epoch: 1 } });
});

test('a killed job is recorded although the switch is engaged; released and retried it has a new beginning', async () => {
  const planeId = await aPlane('retry');
  const { jobId } = await verify(planeId);
  await throwSwitch(planeId);
  const system = { ...core.as('admin'), actor: { id: 'system:test', type: 'system' as const } };
  await core.dispatch(system, 'knowledge.jobs.record_kill', {
    params: { planeId, jobId: jobId ?? '', code: 'action_blocked', message: 'killed' },
    idempotencyKey: newKey(),
  });
  const { rows } = await core.owner.query(
    `select status, active_job_id, next_action from knowledge_planes where plane_id = $1`,
    [planeId],
  );
  expect(rows[0]).toEqual({ status: 'pending_verify', active_job_id: null, next_action: 'retry_knowledge_plane' });
  await throwSwitch(planeId, false);
  const retried = await core.dispatch(core.as('admin'), 'knowledge.planes.transition', {
    params: { planeId, action: 'retry_knowledge_plane' },
    idempotencyKey: newKey(),
  });
  const begun = core.dispatch(core.as('admin'), 'knowledge.jobs.begin', {
    params: { planeId, jobId: retried.jobId ?? '' },
    idempotencyKey: newKey(),
  });
  await expect(begun).resolves.toEqual({ kind: 'verify_connectivity' });
});

test('a degraded scope refuses new work and lets the rest go on', async () => {
  const planeId = await aPlane('degraded');
  const { jobId } = await verify(planeId);
  await throwSwitch(planeId, true, 'degraded');
  const begun = core.dispatch(core.as('admin'), 'knowledge.jobs.begin', {
    params: { planeId, jobId: jobId ?? '' },
    idempotencyKey: newKey(),
  });
  await expect(begun).resolves.toEqual({ kind: 'verify_connectivity' });
  const other = core.dispatch(core.as('admin'), 'knowledge.planes.transition', {
    params: { planeId, action: 'fail_knowledge_plane' },
    idempotencyKey: newKey(),
  });
  await expect(other).rejects.toMatchObject({ reason: 'SWITCH_ENGAGED', details: { kind: 'degraded' } });
});

test('a tenant cannot release what the operator threw, nor reach another tenant or the global scope', async () => {
  const tenantId = core.keys.tenants[1]?.tenant_id ?? '';
  const params = { scope: 'tenant' as const, scopeId: tenantId, kind: 'kill' as const, reason: 'operator' };
  await core.dispatch(core.operator, 'governance.switches.change', {
    params: { ...params, enabled: true },
    idempotencyKey: newKey(),
  });
  const release = core.dispatch(core.as('admin', 1), 'governance.switches.change', {
    params: { ...params, enabled: false },
    idempotencyKey: newKey(),
  });
  await expect(release).rejects.toMatchObject({ code: 'resource_not_found' });
  const register = core.dispatch(core.as('admin', 1), 'policies.create', {
    params: { name: 'blocked', enforcement_mode: 'BLOCK', conditions: {} },
    idempotencyKey: newKey(),
  });
  await expect(register).rejects.toMatchObject({ reason: 'SWITCH_ENGAGED' });
  const foreign = core.dispatch(core.as('admin', 0), 'governance.switches.change', {
    params: { ...params, enabled: true },
    idempotencyKey: newKey(),
  });
  await expect(foreign).rejects.toMatchObject({ code: 'resource_not_found' });
  const global = core.dispatch(core.as('admin', 0), 'governance.switches.change', {
    params: { scope: 'global', enabled: true, kind: 'kill', reason: 'x' },
    idempotencyKey: newKey(),
  });
  await expect(global).rejects.toMatchObject({ code: 'authorization_failed' });
});

test('a switch store that cannot be read refuses governed work', async () => {
  await core.owner.query(`alter table runtime_switches rename to runtime_switches_gone`);
  try {
    await expect(aPlane('unreadable')).rejects.toThrow();
    expect((await core.owner.query(`select 1 from knowledge_planes where name = 'unreadable'`)).rows).toEqual([]);
  } finally {
    await core.owner.query(`alter table runtime_switches_gone rename to runtime_switches`);
  }
});
