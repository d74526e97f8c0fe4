import path from 'node:path';
import type { BarrierName } from '../../barriers';
import { onboardFolder } from '../support/file-planes';
import { writeDocuments } from '../support/generated-documents';
import { countStoredChunks, visibleChunks } from '../support/indexed-chunks';
import { aPolicyFor, waitForState } from '../support/planes';
import { startProcessStack, type ProcessOptions, type ProcessStack } from '../support/process-stack';

const documentCount = 200;

let stack: ProcessStack;
let undisturbed: { planeId: string; chunks: string[] };

beforeAll(async () => {
  stack = await startProcessStack();
  await writeDocuments(path.join(stack.folder, 'notes'), documentCount);
  await stack.startApi();
  const worker = await stack.startWorker();
  const planeId = await register('undisturbed');
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  undisturbed = { planeId, chunks: await visibleChunks(stack, planeId) };
  await aPolicyFor(stack.api(), planeId);
  await worker.stop();
});
afterAll(() => stack?.stop());

const register = (name: string) => onboardFolder(stack.api(), { name, folder: path.join(stack.folder, 'notes') });

async function expectSameAsUndisturbed(planeId: string): Promise<void> {
  expect(await visibleChunks(stack, planeId)).toEqual(undisturbed.chunks);
  expect(await countStoredChunks(stack, planeId)).toBe(undisturbed.chunks.length);
  const { rows } = await stack.owner.query(
    'select status, count(*)::int as n from knowledge_documents where plane_id = $1 group by status',
    [planeId],
  );
  expect(rows).toEqual([{ status: 'indexed', n: documentCount }]);
}

test('every stage of an onboarding survives kill -9 of its worker, and the plane ends as an undisturbed one', async () => {
  expect(new Set(undisturbed.chunks.map((chunk) => chunk.split(' ')[0])).size).toBe(documentCount);

  // Each life of the worker ends at one point; a new plane reaches it, or one that an earlier life left behind.
  const lives: Required<ProcessOptions>['barrier'][] = [
    'verify.before-finish',
    'ingest.page-stored:2',
    'ingest.page-committed',
    'index.batch-upserted:3',
    'index.batch-committed:2',
    'index.run-committed',
    'classify.batch-committed:2',
  ];
  const planeIds: string[] = [];
  for (const barrier of lives) {
    const worker = await stack.startWorker({ barrier });
    planeIds.push(await register(`killed at ${barrier}`));
    expect([barrier, await worker.ended]).toEqual([barrier, 'SIGKILL']);
  }

  const activating = await stack.startWorker({ barrier: 'activate.endpoint-opened' satisfies BarrierName });
  const asked = await stack.api().post(`/lifecycle/${undisturbed.planeId}/transition`, {
    action: 'activate_knowledge_plane',
    reason: 'test',
  });
  expect(asked.status).toBe(200);
  expect(await activating.ended).toBe('SIGKILL');

  const last = await stack.startWorker();
  for (const planeId of planeIds) {
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    await expectSameAsUndisturbed(planeId);
  }
  await waitForState(stack.api(), undisturbed.planeId, 'ACTIVE');
  await expectSameAsUndisturbed(undisturbed.planeId);
  expect(last.end()).toBeUndefined();
  await last.stop();
}, 600_000);
