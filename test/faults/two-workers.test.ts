import path from 'node:path';
import { onboardFolder } from '../support/file-planes';
import { writeDocuments } from '../support/generated-documents';
import { countStoredChunks, visibleChunks } from '../support/indexed-chunks';
import { waitForState } from '../support/planes';
import { startProcessStack, type ProcessStack } from '../support/process-stack';

const documentCount = 90;

let stack: ProcessStack;
beforeAll(async () => {
  stack = await startProcessStack();
  await writeDocuments(path.join(stack.folder, 'notes'), documentCount);
  await stack.startApi();
});
afterAll(() => stack?.stop());

test('two workers share the planes of a tenant; when one is killed the other finishes its work', async () => {
  const [first, second] = await Promise.all([
    stack.startWorker({ barrier: 'index.batch-committed:2' }),
    stack.startWorker(),
  ]);
  const planeIds = await Promise.all(
    Array.from({ length: 4 }, (_, index) =>
      onboardFolder(stack.api(), { name: `shared ${index}`, folder: path.join(stack.folder, 'notes') }),
    ),
  );
  expect(await first.ended).toBe('SIGKILL');
  for (const planeId of planeIds) await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  expect(second.end()).toBeUndefined();

  const expected = await visibleChunks(stack, planeIds[0] ?? '');
  expect(new Set(expected).size).toBe(expected.length);
  expect(new Set(expected.map((chunk) => chunk.split(' ')[0])).size).toBe(documentCount);
  for (const planeId of planeIds) {
    expect(await visibleChunks(stack, planeId)).toEqual(expected);
    expect(await countStoredChunks(stack, planeId)).toBe(expected.length);
  }
});
