import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { planeWorkflowId } from '../../contracts/workflow-ids';
import { onboardFolder, planeOver } from '../support/file-planes';
import { writeDocuments } from '../support/generated-documents';
import { visibleChunks } from '../support/indexed-chunks';
import { waitForState } from '../support/planes';
import { startProcessStack, type ProcessStack } from '../support/process-stack';

const documentCount = 20;
const chunkCount = 24;

let stack: ProcessStack;
beforeAll(async () => {
  stack = await startProcessStack();
  await writeDocuments(path.join(stack.folder, 'notes'), documentCount);
});
afterAll(() => stack?.stop());

test('a start that the API committed and did not live to deliver is delivered by the relay, once', async () => {
  const body = planeOver({ name: 'orphan', folder: path.join(stack.folder, 'notes') });
  const key = randomUUID();
  const api = await stack.startApi({ barrier: 'outbox.before-delivery' });
  await expect(stack.api().post('/planes', body, { key })).rejects.toThrow();
  expect(await api.ended).toBe('SIGKILL');

  const { rows } = await stack.owner.query<{ plane_id: string; tenant_id: string; published_at: Date | null }>(
    `select p.plane_id, p.tenant_id, o.published_at from knowledge_planes p
      join event_outbox o on o.payload->>'planeId' = p.plane_id`,
  );
  expect(rows).toEqual([expect.objectContaining({ published_at: null })]);
  const planeId = rows[0]?.plane_id ?? '';
  const handle = stack.temporal.workflow.getHandle(planeWorkflowId(rows[0]?.tenant_id ?? '', planeId));
  await expect(handle.describe()).rejects.toThrow(/not found/i);

  await stack.startApi();
  const repeated = await stack.api().post('/planes', body, { key });
  expect(repeated).toMatchObject({ status: 201, body: { data: { plane_id: planeId } } });

  const worker = await stack.startWorker();
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  await expectWholePlane(planeId);
  await worker.stop();
});

test('the next stage that a worker committed and did not live to start is started by the relay of another', async () => {
  const worker = await stack.startWorker({ barrier: 'outbox.before-delivery' });
  const planeId = await onboardFolder(stack.api(), { name: 'second', folder: path.join(stack.folder, 'notes') });
  expect(await worker.ended).toBe('SIGKILL');
  const { rows } = await stack.owner.query(
    'select kind, status from knowledge_jobs where plane_id = $1 order by created_at',
    [planeId],
  );
  expect(rows).toEqual([
    { kind: 'verify_connectivity', status: 'completed' },
    { kind: 'ingest_data', status: 'queued' },
  ]);

  await stack.startWorker();
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  await expectWholePlane(planeId);
});

async function expectWholePlane(planeId: string): Promise<void> {
  const chunks = await visibleChunks(stack, planeId);
  expect([chunks.length, new Set(chunks).size]).toEqual([chunkCount, chunkCount]);
  const { rows: jobs } = await stack.owner.query(
    'select kind, status, attempt from knowledge_jobs where plane_id = $1 order by created_at',
    [planeId],
  );
  expect(jobs).toEqual(
    ['verify_connectivity', 'ingest_data', 'index_data', 'classify_data'].map((kind) => ({
      kind,
      status: 'completed',
      attempt: 1,
    })),
  );
}
