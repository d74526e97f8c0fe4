import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { createEmbedder } from '../activities/adapters/embedder';
import type { EmbeddedChunk, ScoredChunk } from '../activities/adapters/vector-store/port';
import { createLanceStore } from '../activities/adapters/vector-store/lancedb';
import { chunkText } from '../activities/knowledge/chunk-text';
import { fuseByReciprocalRank } from '../retrieval/fuse';
import { dataFolder, readJsonLines, report } from './support/report';

const candidates = 100;
const gainMin = 0.02;
const scope = { tenantId: 'bench', planeId: 'cranfield', excludedRunIds: [] };

const Document = z.object({ id: z.string(), text: z.string() });
const Query = z.object({ id: z.string(), text: z.string(), relevant: z.record(z.string(), z.number()) });

const read = <T>(schema: z.ZodType<T>, file: string) =>
  readJsonLines(path.join(dataFolder(), 'cranfield', file)).map((line) => schema.parse(line));

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aos-quality-'));
  const embedder = createEmbedder();
  const store = createLanceStore({ folder, dimension: embedder.dimension });
  try {
    const chunks = read(Document, 'documents.jsonl').flatMap(toChunks);
    const began = performance.now();
    const vectors = await embedder.embed(chunks.map(({ text }) => text));
    const seconds = (performance.now() - began) / 1000;
    await store.upsert(
      scope.tenantId,
      chunks.map((chunk, index) => ({ ...chunk, vector: vectors[index] ?? new Float32Array() })),
    );
    await store.compact(scope.tenantId);
    const stored = await store.countRows(scope.tenantId, scope.planeId);
    report({
      bench: 'quality',
      cell: 'index',
      ok: stored === chunks.length,
      chunks: stored,
      chunksPerSecond: stored / seconds,
    });

    const rankings = { vector: [] as number[][], text: [] as number[][], fused: [] as number[][] };
    const latencies: number[] = [];
    for (const query of read(Query, 'queries.jsonl')) {
      const start = performance.now();
      const [vector = new Float32Array()] = await embedder.embed([query.text]);
      const lists = await Promise.all([
        store.searchVector(scope, vector, candidates),
        store.searchText(scope, query.text, candidates),
      ]);
      const fused = fuseByReciprocalRank(lists.map((list) => list.map(({ id }) => id)));
      latencies.push(performance.now() - start);
      const documents = new Map(lists.flat().map(({ id, documentId }) => [id, documentId]));
      const measure = (ids: readonly string[]) =>
        scores(
          ids.map((id) => documents.get(id) ?? ''),
          query.relevant,
        );
      rankings.vector.push(measure(lists[0].map(byId)));
      rankings.text.push(measure(lists[1].map(byId)));
      rankings.fused.push(measure(fused.map(byId)));
    }
    const [vector, text, fused] = [rankings.vector, rankings.text, rankings.fused].map(means);
    const best = Math.max(vector?.ndcg10 ?? 0, text?.ndcg10 ?? 0);
    report({ bench: 'quality', cell: 'vector', ...vector });
    report({ bench: 'quality', cell: 'text', ...text });
    report({
      bench: 'quality',
      cell: 'fused',
      ok: (fused?.ndcg10 ?? 0) >= best + gainMin,
      ...fused,
      gain: (fused?.ndcg10 ?? 0) - best,
    });
    latencies.sort((a, b) => a - b);
    report({
      bench: 'quality',
      cell: 'latency',
      p50Ms: latencies[Math.floor(latencies.length / 2)],
      maxMs: latencies.at(-1),
    });
  } finally {
    await embedder.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function toChunks({ id, text }: z.infer<typeof Document>): Omit<EmbeddedChunk, 'vector'>[] {
  return chunkText(text).map((chunk) => ({
    id: sha256(`${id} ${chunk.index}`),
    planeId: scope.planeId,
    sourceId: 'bench',
    documentId: id,
    version: sha256(text),
    chunkIndex: chunk.index,
    start: chunk.start,
    end: chunk.end,
    text: chunk.text,
    textHash: sha256(chunk.text),
    indexRunId: 'run',
    indexRunSeq: 1,
  }));
}

const byId = ({ id }: Pick<ScoredChunk, 'id'>) => id;

/** nDCG@10 and recall@100 over documents, each at the place of its best chunk. */
function scores(ranked: readonly string[], relevant: Readonly<Record<string, number>>): [number, number] {
  const documents = [...new Set(ranked)];
  const gains = documents.slice(0, 10).map((id) => relevant[id] ?? 0);
  const ideal = Object.values(relevant)
    .sort((a, b) => b - a)
    .slice(0, 10);
  const found = documents.slice(0, 100).filter((id) => (relevant[id] ?? 0) > 0).length;
  return [discounted(gains) / discounted(ideal), found / Object.keys(relevant).length];
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0);
}

function means(rows: readonly number[][]): { ndcg10: number; recall100: number } {
  const mean = (column: number) => rows.reduce((sum, row) => sum + (row[column] ?? 0), 0) / rows.length;
  return { ndcg10: mean(0), recall100: mean(1) };
}

void main();
