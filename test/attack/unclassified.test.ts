import { anActivePlane, ask } from '../support/active-plane';
import type { ApiClient } from '../support/api-client';
import { holdFindings } from '../support/hold-findings';
import { waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
let api: ApiClient;
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
});
afterAll(() => stack.stop());

async function inClassifyStage(planeId: string): Promise<void> {
  await until(async () => {
    const { rows } = await stack.owner.query(
      `select 1 from knowledge_documents where plane_id = $1 and indexed_version is not null
        and classified_version is distinct from indexed_version`,
      [planeId],
    );
    return rows.length > 0;
  });
}

const card = '4111 1111 1111 1111';

test('a document is not shown between its indexing and its classification, and then without what must be hidden', async () => {
  const { planeId, documentIds } = await anActivePlane(api, 'half taken up', { files: { 'a.md': 'The heron waits.' } });
  const release = await holdFindings(stack.owner);
  try {
    await api.upload(planeId, {
      'a.md': `The heron paid with ${card}.`,
      'b.md': `The heron also paid with ${card}.`,
    });
    await inClassifyStage(planeId);
    for (const action of ['query', 'search']) {
      const { body } = await api.post('/retrieval/execute', { plane_id: planeId, action, payload: { query: 'heron' } });
      expect(JSON.stringify(body)).not.toContain(card);
    }
    const byId = { plane_id: planeId, action: 'retrieve', payload: { document_ids: [documentIds['a.md']] } };
    expect(JSON.stringify((await api.post('/retrieval/execute', byId)).body)).not.toContain(card);
    const { body } = await api.post('/retrieval/execute', { plane_id: planeId, action: 'list', payload: {} });
    expect(body.data.documents).toEqual([]);
  } finally {
    await release();
  }
  await waitForState(api, planeId, 'ACTIVE');
  const { body } = await ask(api, planeId, 'heron');
  expect(body.data.hits.map(({ text }: { text: string }) => text).toSorted()).toEqual([
    'The heron also paid with [credit_card].',
    'The heron paid with [credit_card].',
  ]);
});

test('what is already indexed is not handed to another run when it is uploaded again', async () => {
  const { planeId } = await anActivePlane(api, 'again', { files: { 'a.md': 'The stork nests.' } });
  const runs = async () => {
    const { rows } = await stack.owner.query(
      'select indexed_run_id, status from knowledge_documents where plane_id = $1',
      [planeId],
    );
    return rows;
  };
  const before = await runs();
  expect(await api.upload(planeId, { 'a.md': 'The stork nests.' })).toMatchObject({ status: 202 });
  await waitForState(api, planeId, 'ACTIVE');
  expect(await runs()).toEqual(before);
  const { body } = await ask(api, planeId, 'stork');
  expect(body.data.hits).toHaveLength(1);
});
