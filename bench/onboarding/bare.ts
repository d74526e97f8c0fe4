import { createHash } from 'node:crypto';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createEmbedder } from '../../activities/adapters/embedder';
import { createFolderStore } from '../../activities/adapters/object-store/folder';
import { createParser } from '../../activities/adapters/parser';
import { UnreadableDocument } from '../../activities/adapters/parser/port';
import { createFileReader } from '../../activities/adapters/source-reader/file';
import type { SourceItem } from '../../activities/adapters/source-reader/port';
import { createLanceStore } from '../../activities/adapters/vector-store/lancedb';
import type { EmbeddedChunk } from '../../activities/adapters/vector-store/port';
import { findCategories } from '../../activities/knowledge/categories';
import { chunkText } from '../../activities/knowledge/chunk-text';
import { detectPersonalData } from '../../activities/knowledge/detectors';
import { mapConcurrently } from '../../activities/map-concurrently';
import { serveTasks } from '../support/child';
import { ownProcessorSeconds } from '../support/cpu';

export interface BareTask {
  readonly tenantId: string;
  /** Of the documents. */
  readonly folder: string;
  readonly dataDir: string;
}

export interface BareResult {
  /** Until the last chunk is stored and every text is scanned. */
  readonly storedMs: number;
  /** Until the store is compacted and its indexes hold every chunk, as at the end of an index job. */
  readonly totalMs: number;
  readonly processorSeconds: number;
  readonly documents: number;
  readonly findings: number;
}

const documentsPerBatch = 40;
const itemsAtOnce = 8;
const planeId = 'bare';
const embedder = createEmbedder();
const { parse } = createParser();
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

serveTasks<BareTask, BareResult>(async ({ tenantId, folder, dataDir }) => {
  await embedder.embed(Array.from({ length: 20 }, (_, index) => `warm ${index}`));
  const objects = createFolderStore({ folder: path.join(dataDir, 'objects') });
  const vectors = createLanceStore({ folder: path.join(dataDir, 'vectors'), dimension: embedder.dimension });
  const { signal } = new AbortController();
  const source = { tenantId, planeId, sourceId: 'files', config: { path: folder } };
  const reader = createFileReader({ roots: [folder] });
  let documents = 0;
  let findings = 0;

  const textOf = async (item: SourceItem) => {
    const bytes = await buffer(await item.open());
    const { sha256: version } = await objects.put(tenantId, bytes);
    const parsed = await parse({ name: item.name, read: async () => bytes }).catch((error: unknown) => {
      if (error instanceof UnreadableDocument) return undefined;
      throw error;
    });
    if (parsed === undefined) return [];
    await objects.put(tenantId, Buffer.from(parsed.text));
    return [{ documentId: item.name, version, text: parsed.text }];
  };
  const embed = async (texts: readonly { documentId: string; version: string; text: string }[]) => {
    for (const { text } of texts) findings += findCategories(text).length + detectPersonalData(text).length;
    const chunks = texts.flatMap(({ documentId, version, text }) =>
      chunkText(text).map((chunk) => ({
        ...{ planeId, sourceId: 'files', documentId, version, indexRunId: 'bare', indexRunSeq: 1 },
        ...{ chunkIndex: chunk.index, start: chunk.start, end: chunk.end, text: chunk.text },
        id: sha256([planeId, documentId, version, chunk.index].join('\n')),
        textHash: sha256(chunk.text),
      })),
    );
    const made = await embedder.embed(chunks.map(({ text }) => text));
    return chunks.map((chunk, index) => ({ ...chunk, vector: made[index] ?? new Float32Array() }));
  };
  const batches = async function* (): AsyncGenerator<readonly EmbeddedChunk[]> {
    for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; isFirst = false) {
      const page = await reader.readPage(source, { cursor, itemsMax: documentsPerBatch, signal });
      cursor = page.nextCursor;
      documents += page.items.length;
      yield await embed((await mapConcurrently(page.items, itemsAtOnce, textOf)).flat());
    }
  };

  const beganMs = performance.now();
  const usedBefore = ownProcessorSeconds();
  const iterator = batches();
  let next = iterator.next();
  for (;;) {
    const { done, value } = await next;
    if (done === true) break;
    // The next batch is read and embedded while this one is stored.
    next = iterator.next();
    await vectors.upsert(tenantId, value);
  }
  const storedMs = performance.now() - beganMs;
  await vectors.compact(tenantId);
  const totalMs = performance.now() - beganMs;
  return { storedMs, totalMs, processorSeconds: ownProcessorSeconds() - usedBefore, documents, findings };
});
