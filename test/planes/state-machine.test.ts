import { randomUUID } from 'node:crypto';
import type { ApiAnswer, ApiClient } from '../support/api-client';
import { holdDeliveries, type Release } from '../support/hold';
import { actions, outcomeOfAction, outcomeOfPair, states, type Outcome, type State } from '../support/lifecycle-tables';
import { planeRows, seedBinding, seedKilledJob, seedPlane } from '../support/seeds';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let release: Release;
let tenantId: string;
let api: ApiClient;
beforeAll(async () => {
  stack = await startTestStack();
  // Only the decisions are looked at here; the jobs they begin are shown elsewhere.
  release = await holdDeliveries(stack.owner);
  tenantId = stack.keys.tenants[0]?.tenant_id ?? '';
  api = stack.api();
});
afterAll(async () => {
  await release();
  await stack.stop();
});

interface Asked extends ApiAnswer {
  readonly requestId: string;
}

async function ask(planeId: string, body: object): Promise<Asked> {
  const requestId = `t-${randomUUID()}`;
  const headers = { 'x-request-id': requestId };
  return { ...(await api.post(`/lifecycle/${planeId}/transition`, body, { headers })), requestId };
}

/** The audit events of a request, as [type, outcome, reason]. */
async function eventsOf({ requestId }: Asked): Promise<unknown[]> {
  const { rows } = await stack.owner.query(
    `select event_type, outcome, plane_id, evidence->>'reason' as reason from audit_events where request_id = $1`,
    [requestId],
  );
  return rows;
}

async function expectRefused(planeId: string, body: object, expected: { status: number; error: object }) {
  const before = await planeRows(stack.owner, planeId);
  const answer = await ask(planeId, body);
  expect({ body, status: answer.status, error: answer.body.error }).toEqual({
    body,
    status: expected.status,
    error: expect.objectContaining(expected.error),
  });
  expect(await eventsOf(answer)).toEqual([
    {
      event_type: 'LIFECYCLE_BLOCKED',
      outcome: 'blocked',
      plane_id: planeId,
      reason: answer.body.error.reason ?? null,
    },
  ]);
  expect(await planeRows(stack.owner, planeId)).toEqual(before);
}

const refusals: Partial<Record<Outcome, { status: number; error: object }>> = {
  illegal: { status: 409, error: { code: 'invalid_state', category: 'permanent' } },
  job_only: { status: 409, error: { code: 'invalid_state', reason: 'INVALID_TRANSITION' } },
  unsupported: { status: 400, error: { code: 'unsupported_operation', category: 'permanent' } },
  gate: {
    status: 403,
    error: {
      category: 'policy',
      code: 'policy_violation',
      reason: 'POLICY_GATE_BLOCKED',
      details: expect.objectContaining({ gate_result: 'BLOCKED', required_action: 'bind_policy' }),
    },
  },
};

async function expectAccepted(from: State, to: State, body: object, asJob: boolean): Promise<void> {
  const { planeId } = await seedPlane(stack.owner, tenantId, from);
  if (to === 'ACTIVE') await seedBinding(stack.owner, tenantId, planeId);
  const answer = await ask(planeId, body);
  const shown = asJob ? from : to;
  expect({ from, body, status: answer.status, data: answer.body.data }).toMatchObject({
    status: 200,
    data: { plane_id: planeId, from_state: from, to_state: shown, gate_result: 'ALLOWED' },
  });
  const state = await api.get(`/lifecycle/${planeId}/state`);
  expect(state.body.data).toMatchObject({ state: shown, active_job_id: answer.body.data.job_id });
  expect(await eventsOf(answer)).toMatchObject([{ event_type: 'LIFECYCLE_TRANSITION', plane_id: planeId }]);
  if (asJob) expect(answer.body.data.job_id).toEqual(expect.any(String));
}

describe.each(states)('from %s', (from) => {
  test('every target', async () => {
    const { planeId } = await seedPlane(stack.owner, tenantId, from);
    for (const to of states) {
      const outcome = outcomeOfPair(from, to);
      const refused = refusals[outcome];
      if (refused !== undefined) await expectRefused(planeId, { target: to, reason: 'test' }, refused);
      if (outcome !== 'gate' && refused !== undefined) continue;
      await expectAccepted(from, to, { target: to, reason: 'test' }, outcome !== 'accepted');
    }
  });

  test('every action', async () => {
    const { planeId } = await seedPlane(stack.owner, tenantId, from);
    for (const action of actions) {
      const outcome = outcomeOfAction(from, action);
      const refused = refusals[outcome];
      if (refused !== undefined) await expectRefused(planeId, { action, reason: 'test' }, refused);
    }
  });
});

test('an unknown action, an unknown target and neither of them', async () => {
  const { planeId } = await seedPlane(stack.owner, tenantId, 'DRAFT');
  const invalid = (reason: string) => ({ status: 409, error: { code: 'invalid_state', reason } });
  await expectRefused(planeId, { action: 'teleport', reason: 'x' }, invalid('INVALID_ACTION'));
  await expectRefused(planeId, { action: 'constructor', reason: 'x' }, invalid('INVALID_ACTION'));
  await expectRefused(planeId, { target: 'MOON', reason: 'x' }, invalid('INVALID_TARGET_STATE'));
  await expectRefused(
    planeId,
    { reason: 'x' },
    { status: 400, error: { code: 'invalid_input', reason: 'MISSING_TRANSITION_INTENT' } },
  );
});

test('a plane that is not there is refused and audited', async () => {
  const answer = await ask('kp_000000000000', { action: 'verify_knowledge_plane' });
  expect(answer.status).toBe(404);
  expect(answer.body.error.reason).toBe('PLANE_NOT_FOUND');
  expect(await eventsOf(answer)).toMatchObject([{ event_type: 'LIFECYCLE_BLOCKED', outcome: 'blocked' }]);
});

test('while a job is at work no other begins, but the plane can be failed, which ends the job', async () => {
  const { planeId } = await seedPlane(stack.owner, tenantId, 'VERIFIED');
  const ingest = await ask(planeId, { action: 'ingest_knowledge_plane' });
  const jobId = ingest.body.data.job_id as string;
  await expectRefused(
    planeId,
    { action: 'index_knowledge_plane' },
    { status: 409, error: { code: 'invalid_state', details: expect.objectContaining({ active_job_id: jobId }) } },
  );
  const failed = await ask(planeId, { action: 'fail_knowledge_plane', reason: 'by hand' });
  expect(failed.body.data).toMatchObject({ from_state: 'INGESTING', to_state: 'FAILED' });
  const { body } = await api.get(`/lifecycle/${planeId}/state`);
  expect(body.data).toMatchObject({ state: 'FAILED', active_job_id: null, status_reason: 'by hand' });
  expect(body.data.last_job).toMatchObject({ job_id: jobId, status: 'cancelled' });
});

test('a retry is taken only where the next action says so, and runs the job of that state again', async () => {
  const retryable: Partial<Record<State, string>> = {
    PENDING_VERIFY: 'verify_connectivity',
    INGESTING: 'ingest_data',
    INDEXED: 'classify_data',
    PENDING_ACTIVATE: 'activate_plane',
    ACTIVE: 'sync_documents',
  };
  for (const [state, kind] of Object.entries(retryable) as [State, string][]) {
    const plane = await seedPlane(stack.owner, tenantId, state);
    const { planeId } = plane;
    await expectRefused(
      planeId,
      { action: 'retry_knowledge_plane' },
      { status: 409, error: { reason: 'INVALID_ACTION' } },
    );
    await seedKilledJob(stack.owner, plane, kind);
    const retried = await ask(planeId, { action: 'retry_knowledge_plane' });
    expect(retried.body.data).toMatchObject({ from_state: state, to_state: state });
    const { body } = await api.get(`/lifecycle/${planeId}/state`);
    expect(body.data).toMatchObject({
      state,
      next_action: null,
      active_job: { job_id: retried.body.data.job_id, kind, attempt: 2 },
    });
  }
});

test('an unfinished ingestion is not indexed: first it is retried', async () => {
  const plane = await seedPlane(stack.owner, tenantId, 'INGESTING');
  await seedKilledJob(stack.owner, plane, 'ingest_data');
  const refused = { status: 409, error: { code: 'invalid_state' } };
  await expectRefused(plane.planeId, { action: 'index_knowledge_plane' }, refused);
  await expectRefused(plane.planeId, { target: 'INDEXED' }, refused);
});
