import path from 'node:path';
import { rulesVersion } from '../../contracts/classification';
import { onboardFolder } from '../support/file-planes';
import { writeDocuments } from '../support/generated-documents';
import { countStoredChunks, visibleChunks } from '../support/indexed-chunks';
import { waitForState } from '../support/planes';
import { startProcessStack, type ProcessStack } from '../support/process-stack';
import { until } from '../support/until';
import { startWebServer, type WebServer } from '../support/web-server';

const documentCount = 120;
const pageCount = 12;

let stack: ProcessStack;
let web: WebServer;
beforeAll(async () => {
  web = await startWebServer();
  stack = await startProcessStack();
  await writeDocuments(path.join(stack.folder, 'notes'), documentCount, 'Write to heron@mail.example');
  await stack.startApi({ env: { AOS_EGRESS_ALLOW: web.host } });
});
afterAll(async () => {
  await stack?.stop();
  await web?.close();
});

async function jobsOf(planeId: string, kind: string) {
  const { rows } = await stack.owner.query<{ status: string; attempt: number }>(
    'select status, attempt from knowledge_jobs where plane_id = $1 and kind = $2 order by created_at',
    [planeId, kind],
  );
  return rows;
}

async function findingsOf(planeId: string): Promise<string[]> {
  const { rows } = await stack.owner.query<{ finding: string }>(
    `select concat_ws(' ', d.name, f.version, f.kind, f.start_offset, f.end_offset) as finding
      from knowledge_findings f join knowledge_documents d using (document_id) where f.plane_id = $1 order by 1`,
    [planeId],
  );
  return rows.map(({ finding }) => finding);
}

test('a re-classification goes on behind its last batch when its worker is killed', async () => {
  const first = await stack.startWorker();
  const planeId = await onboardFolder(stack.api(), { name: 'again', folder: path.join(stack.folder, 'notes') });
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  const before = { findings: await findingsOf(planeId), chunks: await visibleChunks(stack, planeId) };
  expect(before.findings).toHaveLength(documentCount);
  await first.stop();

  const killed = await stack.startWorker({ barrier: 'classify.batch-committed:2' });
  expect(await stack.api().send('POST', `/planes/${planeId}/reclassify`)).toMatchObject({ status: 202 });
  expect(await killed.ended).toBe('SIGKILL');
  const { rows } = await stack.owner.query(
    `select count(*) filter (where rules_version = $2)::int as looked, count(*)::int as all
      from knowledge_documents where plane_id = $1`,
    [planeId, rulesVersion],
  );
  expect(rows).toEqual([{ looked: 100, all: documentCount }]);

  const last = await stack.startWorker();
  await until(async () => (await jobsOf(planeId, 'reclassify_documents'))[0]?.status === 'completed');
  expect(await jobsOf(planeId, 'reclassify_documents')).toEqual([{ status: 'completed', attempt: 1 }]);
  expect(await findingsOf(planeId)).toEqual(before.findings);
  expect(await visibleChunks(stack, planeId)).toEqual(before.chunks);
  const explained = (await stack.api().get(`/planes/${planeId}/classification`)).body.data;
  expect(explained).toMatchObject({ is_current: true, rules_version: rulesVersion });
  await last.stop();
});

test('the reading of web pages whose worker is killed is done again whole, and nothing is there twice', async () => {
  const paths = Array.from({ length: pageCount }, (_, index) => `/page-${index}`);
  for (const each of paths) web.answer(each, `Herons of ${each} stand in the reeds.`);
  const env = { AOS_EGRESS_ALLOW: web.host };
  const killed = await stack.startWorker({ barrier: 'ingest.page-stored', env });
  const urls = paths.map((each) => web.origin + each);
  const { status, body } = await stack.api().post('/planes', {
    name: 'pages',
    onboard: true,
    sources: [{ source_type: 'http', name: 'pages', config: { urls } }],
  });
  expect(status).toBe(201);
  const planeId = body.data.plane_id as string;
  expect(await killed.ended).toBe('SIGKILL');
  const { rows } = await stack.owner.query('select 1 from knowledge_documents where plane_id = $1', [planeId]);
  expect(rows).toEqual([]);

  await stack.startWorker({ env });
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  const chunks = await visibleChunks(stack, planeId);
  expect(chunks.map((chunk) => chunk.split(' ')[0]).toSorted()).toEqual(urls.toSorted());
  expect(await countStoredChunks(stack, planeId)).toBe(pageCount);
  expect(await jobsOf(planeId, 'ingest_data')).toEqual([{ status: 'completed', attempt: 1 }]);
});
