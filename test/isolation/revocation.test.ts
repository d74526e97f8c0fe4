import { anActivePlane, textsOf, type ActivePlane } from '../support/active-plane';
import { ApiClient } from '../support/api-client';
import { closeVectors } from '../support/gates';
import { holdDeliveries } from '../support/hold';
import { anUploadPlane, aPolicyFor, transition, waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
let admin: ApiClient;
let tenantId: string;
beforeAll(async () => {
  stack = await startTestStack();
  admin = stack.api();
  tenantId = stack.keys.tenants[0]?.tenant_id ?? '';
});
afterAll(() => stack.stop());

interface Leaver {
  readonly api: ApiClient;
  revoke(): Promise<void>;
}

async function aDeveloper(): Promise<Leaver> {
  const { body } = await admin.post('/api-keys', { name: 'leaving', role: 'developer' });
  return {
    api: new ApiClient(stack.url, body.data.key),
    revoke: async () => {
      expect(await admin.delete(`/api-keys/${body.data.key_id}`)).toMatchObject({ status: 200 });
    },
  };
}

async function isIndexing(planeId: string): Promise<void> {
  await until(async () => {
    const { body } = await admin.get(`/lifecycle/${planeId}/stages`);
    return body.data.items.some(
      (each: { stage: string; status: string }) => each.stage === 'index' && each.status === 'running',
    );
  });
}

/** Nothing that the job did counts, and the record says why. */
async function expectStopped(planeId: string, kind: string): Promise<void> {
  const { body } = await admin.get(`/lifecycle/${planeId}/state`);
  expect(body.data.last_job).toMatchObject({ kind, status: 'failed', error_code: 'authorization_failed' });
  const { rows } = await stack.owner.query(
    `select 1 from knowledge_index_runs r join knowledge_jobs j using (job_id)
      where j.plane_id = $1 and j.status = 'failed' and r.status = 'committed'`,
    [planeId],
  );
  expect(rows).toEqual([]);
}

test('before its job has begun: the plane is back in DRAFT', async () => {
  const leaver = await aDeveloper();
  const release = await holdDeliveries(stack.owner);
  const { planeId } = await anUploadPlane(leaver.api, 'before the beginning');
  await transition(leaver.api, planeId, 'verify_knowledge_plane');
  await leaver.revoke();
  await release();
  await waitForState(admin, planeId, 'DRAFT');
  await expectStopped(planeId, 'verify_connectivity');
});

test('in the middle of a stage: the job stops at its next operation, and another goes on with the plane', async () => {
  const leaver = await aDeveloper();
  const { planeId } = await anUploadPlane(leaver.api, 'in the middle');
  await leaver.api.upload(planeId, { 'a.md': 'The gate is shut.' });
  for (const [action, state] of [
    ['verify_knowledge_plane', 'VERIFIED'],
    ['ingest_knowledge_plane', 'INGESTING'],
  ] as const) {
    await transition(leaver.api, planeId, action);
    await waitForState(admin, planeId, state);
  }
  const vectors = await closeVectors(stack, tenantId);
  await transition(leaver.api, planeId, 'index_knowledge_plane');
  await isIndexing(planeId);
  await leaver.revoke();
  await vectors.open();
  await waitForState(admin, planeId, 'VERIFIED');
  await expectStopped(planeId, 'index_data');

  await transition(admin, planeId, 'ingest_knowledge_plane');
  await waitForState(admin, planeId, 'INGESTING');
  await transition(admin, planeId, 'index_knowledge_plane');
  await waitForState(admin, planeId, 'INDEXED');
});

test('a plane that onboards by itself does not go on for a key that is gone', async () => {
  const leaver = await aDeveloper();
  const vectors = await closeVectors(stack, tenantId);
  const { body } = await leaver.api.post('/planes', {
    name: 'by itself',
    onboard: true,
    sources: [{ source_type: 'file', name: 'files', config: { path: `${process.cwd()}/examples/handbook` } }],
  });
  const planeId = body.data.plane_id as string;
  await isIndexing(planeId);
  await leaver.revoke();
  await vectors.open();
  await waitForState(admin, planeId, 'VERIFIED');
  await expectStopped(planeId, 'index_data');
});

test('between the decision to activate and the activation: the plane does not become ACTIVE', async () => {
  const leaver = await aDeveloper();
  const { body } = await leaver.api.post('/planes', {
    name: 'not activated',
    onboard: true,
    sources: [{ source_type: 'file', name: 'files', config: { path: `${process.cwd()}/examples/handbook` } }],
  });
  const planeId = body.data.plane_id as string;
  await waitForState(admin, planeId, 'PENDING_ACTIVATE');
  await aPolicyFor(admin, planeId);
  const release = await holdDeliveries(stack.owner);
  expect(await transition(leaver.api, planeId, 'activate_knowledge_plane')).toMatchObject({ status: 200 });
  await leaver.revoke();
  await release();
  await waitForState(admin, planeId, 'CLASSIFIED');
  await expectStopped(planeId, 'activate_plane');
});

describe('while a change of an ACTIVE plane is being indexed', () => {
  async function changing(
    name: string,
    end: (leaver: Leaver & { keyId?: string }) => Promise<void>,
  ): Promise<ActivePlane> {
    const plane = await anActivePlane(admin, name, { files: { 'a.md': 'The garden is closed.' } });
    const leaver = await aDeveloper();
    const vectors = await closeVectors(stack, tenantId);
    await leaver.api.upload(plane.planeId, { 'a.md': 'The garden is open.' });
    await isIndexing(plane.planeId);
    await end(leaver);
    await vectors.open();
    await waitForState(admin, plane.planeId, 'ACTIVE');
    return plane;
  }

  test('a revoked key leaves the plane on its last version, to be retried by another', async () => {
    const { planeId } = await changing('revoked key', ({ revoke }) => revoke());
    await expectStopped(planeId, 'sync_documents');
    expect(await textsOf(admin, planeId, 'garden')).toEqual(['The garden is closed.']);
    expect((await admin.get(`/lifecycle/${planeId}/state`)).body.data.next_action).toBe('retry_knowledge_plane');
    await transition(admin, planeId, 'retry_knowledge_plane');
    await waitForState(admin, planeId, 'ACTIVE');
    expect(await textsOf(admin, planeId, 'garden')).toEqual(['The garden is open.']);
  });

  test('so does a role that was taken from a key that still stands', async () => {
    const { planeId } = await changing('revoked role', async () => {
      await stack.owner.query(
        `update iam_grants set revoked_at = now() where role = 'developer' and revoked_at is null
          and identity in (select key_id from api_keys where name = 'leaving' and revoked_at is null)`,
      );
    });
    await expectStopped(planeId, 'sync_documents');
    expect(await textsOf(admin, planeId, 'garden')).toEqual(['The garden is closed.']);
  });
});
