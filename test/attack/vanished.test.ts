import { randomBytes } from 'node:crypto';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';
import { seedPlane, type SeededPlane } from '../support/seeds';

let core: TestOperations;
let plane: SeededPlane;
let tenantId: string;
beforeAll(async () => {
  core = await startTestOperations();
  tenantId = core.keys.tenants[0]?.tenant_id ?? '';
  plane = await seedPlane(core.owner, tenantId, 'ACTIVE');
});
afterAll(() => core.stop());

const item = {
  ...{ name: 'a.md', version: 'a'.repeat(64), bytes: 3, format: 'markdown', textKey: 'b'.repeat(64) },
  deadLetter: null,
};

/** One sync that finds these items in the source. */
async function sync(items: (typeof item)[]) {
  const { planeId, sourceId } = plane;
  const jobId = `job_${randomBytes(8).toString('hex')}`;
  await core.owner.query(`update knowledge_jobs set status = 'completed' where plane_id = $1`, [planeId]);
  await core.owner.query(
    `insert into knowledge_jobs (job_id, plane_id, tenant_id, kind, status, workflow_id, requester)
      values ($1, $2, $3, 'sync_documents', 'running', 'w', '{}')`,
    [jobId, planeId, tenantId],
  );
  await core.owner.query('update knowledge_planes set active_job_id = $2 where plane_id = $1', [planeId, jobId]);
  await core.dispatch(core.as('admin'), 'knowledge.ingest.record_page', {
    params: { planeId, jobId, sourceId, items, checkpoint: { [sourceId]: null }, percentage: 50 },
    idempotencyKey: newKey(),
  });
  await core.dispatch(core.as('admin'), 'knowledge.ingest.finish', {
    params: { planeId, jobId, readSourceIds: [sourceId] },
    idempotencyKey: newKey(),
  });
  const { rows } = await core.owner.query(
    'select document_id, status, deleted_at is null as stands from knowledge_documents where plane_id = $1',
    [planeId],
  );
  return rows[0] as { document_id: string; status: string; stands: boolean };
}

test('a document that left its source and comes back as it was is taken up again', async () => {
  expect(await sync([item])).toMatchObject({ status: 'stored', stands: true });
  expect(await sync([])).toMatchObject({ status: 'deleted', stands: false });
  expect(await sync([item])).toMatchObject({ status: 'stored', stands: true });
});

test('one that was deleted by hand stays deleted until its content changes', async () => {
  const { document_id: documentId } = await sync([item]);
  await core.owner.query(`update knowledge_jobs set status = 'completed'`);
  await core.owner.query('update knowledge_planes set active_job_id = null');
  await core.dispatch(core.as('admin'), 'knowledge.documents.delete', {
    params: { planeId: plane.planeId, documentId },
    idempotencyKey: newKey(),
  });
  expect(await sync([item])).toMatchObject({ status: 'deleted', stands: false });
  expect(await sync([])).toMatchObject({ status: 'deleted', stands: false });
  expect(await sync([item])).toMatchObject({ status: 'deleted', stands: false });
  expect(await sync([{ ...item, version: 'c'.repeat(64) }])).toMatchObject({ status: 'stored', stands: true });
});
