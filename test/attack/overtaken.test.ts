import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLanceStore } from '../../activities/adapters/vector-store/lancedb';
import { prepareAnswer } from '../../retrieval/prepare-answer';

const scope = { tenantId: 'acme', planeId: 'kp_1', excludedRunIds: [] };
const candidate = {
  ...{ id: 'chunk-1', documentId: 'doc_1', version: 'v1', indexRunId: 'run-1' },
  ...{ start: 0, end: 24, text: 'Mail jane@example.com now', score: 1 },
};
const shown = { documentId: 'doc_1', sourceId: 'src_1', sourceName: 'up', name: 'a.md' };

test('a hit whose document got a new version is not released by the findings of the new text', async () => {
  const answer = await prepareAnswer(
    {
      embedder: { embed: async () => [Float32Array.of(1)] },
      index: {
        searchVector: async () => [candidate],
        searchText: async () => [candidate],
        findByIds: async () => [candidate],
        findByDocuments: async () => [candidate],
      },
      documents: {
        shown: async () => new Map([['doc_1', { ...shown, indexedVersion: 'v1', indexedRunId: 'run-1' }]]),
        findings: async () => new Map([['doc_1', { version: 'v2', spans: [] }]]),
        list: async () => [],
      },
    },
    { scope, action: 'retrieve', payload: { chunk_ids: ['chunk-1'] }, redact: true },
  );
  expect(answer).toMatchObject({ hits: [], documentIds: [] });
});

test('a run that tidies late leaves what a later run has written', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'aos-attack-'));
  try {
    const store = createLanceStore({ folder, dimension: 1 });
    const row = (version: string, indexRunSeq: number) => ({
      ...{ id: `${version}/${indexRunSeq}`, planeId: 'kp_1', sourceId: 'src_1', documentId: 'doc_1', version },
      ...{ chunkIndex: 0, start: 0, end: 4, text: version, textHash: version },
      ...{ indexRunId: `run-${indexRunSeq}`, indexRunSeq, vector: Float32Array.of(1) },
    });
    await store.upsert('acme', [row('v0', 1), row('v1', 2), row('v2', 3)]);
    await store.deleteVersions('acme', 'kp_1', [{ documentId: 'doc_1', keepVersion: 'v1' }], 2);
    const left = await store.findByDocuments(scope, ['doc_1'], 10);
    expect(left.map(({ version }) => version).toSorted()).toEqual(['v1', 'v2']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
