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

const onboard = (index: number) =>
  onboardFolder(stack.api(), { name: `shared ${index}`, folder: path.join(stack.folder, 'notes') });

test('two workers share the planes of a tenant; when one is killed the other finishes its work', async () => {
  const [first, second] = await Promise.all([
    stack.startWorker({ barrier: 'index.batch-committed:2' }),
    stack.startWorker(),
  ]);
  const planeIds: string[] = [];
  const settling: Promise<unknown>[] = [];
  // Who of them does what is up to the engine: there are more planes until the first has had its second batch.
  while (first.end() === undefined) {
    const four = await Promise.all(Array.from({ length: 4 }, (_, index) => onboard(planeIds.length + index)));
    const settled = Promise.all(four.map((planeId) => waitForState(stack.api(), planeId, 'PENDING_ACTIVATE')));
    planeIds.push(...four);
    settling.push(settled);
    await Promise.race([first.ended, settled]);
  }
  expect(first.end()).toBe('SIGKILL');
  await Promise.all(settling);
  expect(second.end()).toBeUndefined();

  const expected = await visibleChunks(stack, planeIds[0] ?? '');
  expect(new Set(expected).size).toBe(expected.length);
  expect(new Set(expected.map((chunk) => chunk.split(' ')[0])).size).toBe(documentCount);
  for (const planeId of planeIds) {
    expect(await visibleChunks(stack, planeId)).toEqual(expected);
    expect(await countStoredChunks(stack, planeId)).toBe(expected.length);
  }
}, 400_000);
