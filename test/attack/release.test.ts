import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from '../../contracts/execution-context';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';
import { seedBinding, seedPlane } from '../support/seeds';

let core: TestOperations;
let planeId: string;
beforeAll(async () => {
  core = await startTestOperations();
  const tenantId = core.keys.tenants[0]?.tenant_id ?? '';
  ({ planeId } = await seedPlane(core.owner, tenantId, 'ACTIVE'));
  await seedBinding(core.owner, tenantId, planeId);
  await core.dispatch(core.as('admin'), 'policies.snapshots.create', { params: {}, idempotencyKey: newKey() });
});
afterAll(() => core.stop());
beforeEach(() => setLevel('internal'));

const setLevel = (level: string) =>
  core.owner.query('update knowledge_planes set sensitivity_level = $2 where plane_id = $1', [planeId, level]);

async function begin(context: ExecutionContext) {
  const base = {
    evidenceId: randomUUID(),
    planeId,
    action: 'query' as const,
    queryHash: 'a'.repeat(64),
    requestedAt: new Date().toISOString(),
  };
  const { policySnapshotId, policyIds, sensitivityLevel } = await core.dispatch(context, 'retrieval.begin', {
    params: { ...base, violations: [] },
    idempotencyKey: base.evidenceId,
  });
  return { ...base, policySnapshotId, policyIds: [...policyIds], sensitivityLevel };
}

const release = (context: ExecutionContext, begun: Awaited<ReturnType<typeof begin>>) =>
  core.dispatch(context, 'retrieval.release', {
    params: {
      ...begun,
      responseHash: 'b'.repeat(64),
      documentIds: [],
      tokenCount: 0,
      bytes: 0,
      redactionApplied: false,
    },
    idempotencyKey: begun.evidenceId,
  });

const recordsOf = async (evidenceId: string) => {
  const { rows } = await core.owner.query(
    `select e.decision, (select array_agg(o.outcome || ' ' || o.first order by o.first desc) from effect_outcomes o
      where o.intent_id = e.id) as outcomes from retrieval_evidence e where e.id = $1`,
    [evidenceId],
  );
  return rows;
};

test('an answer that was decided by a level the plane no longer has is not released', async () => {
  const context = core.as('admin');
  const begun = await begin(context);
  await setLevel('restricted');
  await expect(release(context, begun)).rejects.toMatchObject({ reason: 'retrieval_blocked' });
  expect(await recordsOf(begun.evidenceId)).toEqual([{ decision: 'denied', outcomes: ['refused true'] }]);
});

test('a release that comes after the sweeper is refused with evidence, not with a fault', async () => {
  const context = core.as('admin');
  const begun = await begin(context);
  await core.owner.query(
    `insert into effect_outcomes (intent_id, tenant_id, outcome, first, resolved_by, integrity_hash)
      values ($1, $2, 'failed', true, 'system:sweeper', $3)`,
    [begun.evidenceId, context.tenantId, 'c'.repeat(64)],
  );
  await expect(release(context, begun)).rejects.toMatchObject({ code: 'conflict' });
  expect(await recordsOf(begun.evidenceId)).toEqual([
    { decision: 'denied', outcomes: ['failed true', 'refused false'] },
  ]);
});

test('an unclassified plane opens to a policy that is bound and lists it by id only', async () => {
  await core.owner.query('update knowledge_planes set sensitivity_level = null where plane_id = $1', [planeId]);
  const context = core.as('admin');
  await expect(begin(context)).resolves.toMatchObject({ sensitivityLevel: null });
  await core.owner.query(
    `update plane_policy_bindings set unbound_at = now(), unbound_by = 'test' where plane_id = $1`,
    [planeId],
  );
  await core.dispatch(context, 'policies.snapshots.create', { params: {}, idempotencyKey: newKey() });
  await expect(begin(context)).rejects.toMatchObject({ reason: 'retrieval_blocked' });
});
