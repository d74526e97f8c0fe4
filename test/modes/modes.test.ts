import { randomUUID } from 'node:crypto';
import { anUploadPlane } from '../support/planes';
import { seedBinding, seedPlane } from '../support/seeds';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack?.stop());
afterEach(async () => {
  await setMode('ENFORCE');
  await stack.owner.query('delete from tenant_operation_modes');
});

type Mode = 'MONITOR' | 'ENFORCE' | 'STRICT';

const tenant = (index: 0 | 1 = 0) => stack.keys.tenants[index]?.tenant_id ?? '';
const modesOf = (id: string) => `/ops/tenants/${id}/modes`;

async function setMode(mode: Mode, operation?: string): Promise<void> {
  const body = { mode, reason: 'test', ...(operation !== undefined && { operation }) };
  expect(await stack.operatorApi.put(modesOf(tenant()), body)).toMatchObject({ status: 200 });
}

interface Attempt {
  readonly status: number;
  readonly error: unknown;
  /** What stands in the audit of this request: type and, of a broken invariant, its id, severity and mode. */
  readonly events: readonly string[];
}

async function attempt(path: string, body: object, headers: Record<string, string> = {}): Promise<Attempt> {
  const requestId = `r-${randomUUID()}`;
  const answer = await stack.api().post(path, body, { headers: { ...headers, 'x-request-id': requestId } });
  const { rows } = await stack.owner.query<{ event_type: string; evidence: Record<string, unknown> }>(
    'select event_type, evidence from audit_events where request_id = $1 order by ordinal',
    [requestId],
  );
  const events = rows.map(({ event_type, evidence }) =>
    event_type === 'InvariantViolated'
      ? ['violated', evidence['invariant_id'], evidence['severity'], evidence['mode']].join(' ')
      : event_type,
  );
  return { status: answer.status, error: answer.body.error, events };
}

/** MEDIUM: a transition without a reason. */
async function breakMedium(): Promise<Attempt> {
  const { planeId } = await anUploadPlane(stack.api(), `medium ${randomUUID()}`);
  return attempt(`/lifecycle/${planeId}/transition`, { action: 'verify_knowledge_plane' });
}

/** HIGH: a tenant suspends a policy of the system. */
async function breakHigh(): Promise<Attempt> {
  const policyId = await aSystemPolicy();
  return attempt(`/policies/${policyId}/lifecycle`, { target: 'SUSPENDED', reason: 'test' });
}

/** CRITICAL: the last policy is taken off an active plane. */
async function breakCritical(): Promise<Attempt> {
  const { planeId } = await seedPlane(stack.owner, tenant(), 'ACTIVE');
  const policyId = await seedBinding(stack.owner, tenant(), planeId);
  return attempt(`/planes/${planeId}/unbind-policy`, { policy_id: policyId });
}

async function aSystemPolicy(): Promise<string> {
  const { planeId } = await seedPlane(stack.owner, tenant(), 'ACTIVE');
  const policyId = await seedBinding(stack.owner, tenant(), planeId);
  await stack.owner.query(`update policies set source = 'SYSTEM' where policy_id = $1`, [policyId]);
  return policyId;
}

const severities = {
  MEDIUM: { violate: breakMedium, id: 'LIFECYCLE-005', reason: 'INVARIANT_VIOLATION', refusal: 'LIFECYCLE_BLOCKED' },
  HIGH: { violate: breakHigh, id: 'BI-POLICY-002', reason: 'INVARIANT_VIOLATION', refusal: 'OperationRefused' },
  CRITICAL: { violate: breakCritical, id: 'LIFECYCLE-004', reason: 'UNBIND_FAILED', refusal: 'OperationRefused' },
} as const;
type Severity = keyof typeof severities;

const stops: Readonly<Record<Mode, readonly Severity[]>> = {
  MONITOR: [],
  ENFORCE: ['HIGH', 'CRITICAL'],
  STRICT: ['MEDIUM', 'HIGH', 'CRITICAL'],
};
const cells = (Object.keys(stops) as Mode[]).flatMap((mode) =>
  (Object.keys(severities) as Severity[]).map((severity) => ({
    mode,
    severity,
    stopped: stops[mode].includes(severity),
  })),
);

test.each(cells)('$mode and a broken $severity invariant: stopped is $stopped', async ({ mode, severity, stopped }) => {
  await setMode(mode);
  const { violate, id, reason, refusal } = severities[severity];
  const { status, error, events } = await violate();
  if (stopped) {
    expect({ status, error }).toMatchObject({
      status: 409,
      error: { code: 'invalid_state', reason, details: { invariant_id: id, severity, mode } },
    });
    expect(events).toEqual([refusal]);
  } else {
    expect({ status, error }).toEqual({ status: 200, error: undefined });
    expect(events).toContain(`violated ${id} ${severity} ${mode}`);
    expect(events.length).toBeGreaterThan(1);
  }
});

test('what a mode lets pass opens no data: a plane without a policy stays closed in MONITOR', async () => {
  await setMode('MONITOR');
  const { planeId } = await seedPlane(stack.owner, tenant(), 'ACTIVE');
  const policyId = await seedBinding(stack.owner, tenant(), planeId);
  await stack.api().post(`/planes/${planeId}/unbind-policy`, { policy_id: policyId });
  const asked = await stack.api().post(`/knowledge/${planeId}/query`, { query: 'anything' });
  expect(asked).toMatchObject({ status: 403, body: { error: { category: 'policy' } } });
});

test('no mode softens permission, the state machine, the gate or a switch', async () => {
  await setMode('MONITOR');
  const api = stack.api();
  const { planeId } = await anUploadPlane(api, 'hard refusals');
  const at = `/lifecycle/${planeId}/transition`;
  expect(await stack.api('viewer').post(at, { action: 'verify_knowledge_plane' })).toMatchObject({ status: 403 });
  expect(await api.post(at, { target: 'ACTIVE' })).toMatchObject({
    status: 409,
    body: { error: { reason: 'INVALID_TRANSITION' } },
  });
  const waiting = await seedPlane(stack.owner, tenant(), 'PENDING_ACTIVATE');
  const activate = { action: 'activate_knowledge_plane', reason: 'test' };
  expect(await api.post(`/lifecycle/${waiting.planeId}/transition`, activate)).toMatchObject({
    status: 403,
    body: { error: { reason: 'POLICY_GATE_BLOCKED' } },
  });
  const kill = { enabled: true, reason: 'test', scope: 'plane', scope_id: planeId };
  await api.post('/governance/kill-switch', kill);
  expect(await api.post(at, { action: 'verify_knowledge_plane', reason: 'test' })).toMatchObject({
    status: 403,
    body: { error: { reason: 'SWITCH_ENGAGED' } },
  });
});

test('the mode of an operation comes before that of its tenant, both ways, and goes when it is cleared', async () => {
  await setMode('STRICT');
  await setMode('MONITOR', 'policies.lifecycle');
  expect(await breakHigh()).toMatchObject({ status: 200 });
  expect(await breakMedium()).toMatchObject({ status: 409 });

  await setMode('MONITOR');
  await setMode('STRICT', 'knowledge.planes.transition');
  expect(await breakMedium()).toMatchObject({ status: 409 });
  expect(await breakCritical()).toMatchObject({ status: 200 });

  const cleared = await stack.operatorApi.delete(`${modesOf(tenant())}/knowledge.planes.transition`);
  expect(cleared).toMatchObject({ status: 200, body: { data: { mode: null } } });
  expect(await breakMedium()).toMatchObject({ status: 200 });
  expect(await stack.operatorApi.delete(`${modesOf(tenant())}/knowledge.planes.transition`)).toMatchObject({
    status: 404,
  });
  expect((await stack.operatorApi.get(modesOf(tenant()))).body.data).toMatchObject({
    mode: 'MONITOR',
    operations: [{ operation: 'policies.lifecycle', mode: 'MONITOR', reason: 'test' }],
  });
});

test('one tenant has its modes for itself, and a caller has no say in them', async () => {
  await setMode('MONITOR');
  await setMode('MONITOR', 'policies.lifecycle');
  expect((await stack.operatorApi.get(modesOf(tenant(1)))).body.data).toMatchObject({
    mode: 'ENFORCE',
    operations: [],
  });

  await setMode('ENFORCE');
  await stack.operatorApi.delete(`${modesOf(tenant())}/policies.lifecycle`);
  const policyId = await aSystemPolicy();
  const path = `/policies/${policyId}/lifecycle`;
  const body = { target: 'SUSPENDED', reason: 'test' };
  expect(await attempt(path, { ...body, _invariant_mode: 'MONITOR' })).toMatchObject({ status: 400 });
  expect(await attempt(path, body, { 'x-invariant-mode': 'MONITOR' })).toMatchObject({ status: 409 });
  expect(await stack.api().put(modesOf(tenant()), { mode: 'MONITOR', reason: 'mine' })).toMatchObject({ status: 403 });
  expect(await stack.api().get(modesOf(tenant()))).toMatchObject({ status: 403 });
});

test('a change is on record with the operator, and what cannot be meant is refused', async () => {
  await setMode('STRICT', 'policies.lifecycle');
  const { rows } = await stack.owner.query(
    `select actor_id, evidence from audit_events where event_type = 'EnforcementModeChanged'
      and tenant_id = 'platform' and resource_id = $1 order by ordinal desc limit 1`,
    [tenant()],
  );
  expect(rows).toEqual([
    {
      actor_id: stack.operator.actor.id,
      evidence: { tenant_id: tenant(), operation: 'policies.lifecycle', from: null, to: 'STRICT', reason: 'test' },
    },
  ]);
  const put = (path: string, body: object) => stack.operatorApi.put(path, body);
  const fits = { mode: 'STRICT', reason: 'test' };
  expect(await put(modesOf(tenant()), { ...fits, operation: 'policies.nothing' })).toMatchObject({ status: 400 });
  expect(await put(modesOf(tenant()), { ...fits, mode: 'OFF' })).toMatchObject({ status: 400 });
  expect(await put(modesOf(tenant()), { mode: 'STRICT' })).toMatchObject({ status: 400 });
  expect(await put(modesOf('ten_nobody'), fits)).toMatchObject({ status: 404 });
  expect(await put(modesOf('platform'), fits)).toMatchObject({ status: 404 });
});
