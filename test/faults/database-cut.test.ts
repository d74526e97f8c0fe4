import path from 'node:path';
import { Client } from 'pg';
import { onboardFolder } from '../support/file-planes';
import { writeDocuments } from '../support/generated-documents';
import { countStoredChunks, visibleChunks } from '../support/indexed-chunks';
import { activate, aPolicyFor, waitForState } from '../support/planes';
import { startProcessStack, type ProcessStack } from '../support/process-stack';
import { until } from '../support/until';

const documentCount = 200;
const cutsPerJob = 2;

let stack: ProcessStack;
let administrator: Client;
beforeAll(async () => {
  stack = await startProcessStack();
  administrator = new Client({ connectionString: process.env.TEST_POSTGRES_ADMIN_URL });
  await administrator.connect();
  await writeDocuments(path.join(stack.folder, 'notes'), documentCount);
});
afterAll(async () => {
  await administrator?.end();
  await stack?.stop();
});

/** Ends every connection of API and workers to this database, whatever is going on in it. */
async function cutConnections(): Promise<number> {
  const { rows } = await administrator.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name like 'aos-%'`,
    [new URL(stack.database.ownerUrl).pathname.slice(1)],
  );
  return rows.length;
}

async function jobAtWork(planeId: string): Promise<string | undefined> {
  const { rows } = await stack.owner.query<{ kind: string }>(
    `select kind from knowledge_jobs where plane_id = $1 and status = 'running'`,
    [planeId],
  );
  return rows[0]?.kind;
}

test('connections that are cut during ingest, index and classify cost no process, no document and no chunk', async () => {
  const apiProcess = await stack.startApi();
  const worker = await stack.startWorker();
  const api = stack.api();
  const planeId = await onboardFolder(api, { name: 'cut', folder: path.join(stack.folder, 'notes') });

  const cuts = new Map<string, number>();
  await until(async () => {
    const kind = await jobAtWork(planeId);
    const before = cuts.get(kind ?? '') ?? 0;
    if (kind !== undefined && before < cutsPerJob && (await cutConnections()) > 0) cuts.set(kind, before + 1);
    return (
      kind === 'classify_data' || (await api.get(`/lifecycle/${planeId}/state`)).body.data?.state === 'PENDING_ACTIVATE'
    );
  });
  expect([...cuts.keys()]).toEqual(expect.arrayContaining(['ingest_data', 'index_data']));
  await waitForState(api, planeId, 'PENDING_ACTIVATE');
  await aPolicyFor(api, planeId);
  await activate(api, planeId);

  expect([apiProcess.end(), worker.end()]).toEqual([undefined, undefined]);
  const chunks = await visibleChunks(stack, planeId);
  expect(new Set(chunks).size).toBe(chunks.length);
  expect(new Set(chunks.map((chunk) => chunk.split(' ')[0])).size).toBe(documentCount);
  expect(await countStoredChunks(stack, planeId)).toBe(chunks.length);
});
