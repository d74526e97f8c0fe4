import type { WorkDocument } from '../../operations/knowledge/work-reads';
import { sha256Hex } from '../../operations/transaction/canonical';
import type { ChunkRecord, EmbeddedChunk } from '../adapters/vector-store/port';
import { chunkText } from './chunk-text';
import type { KnowledgeDependencies } from './dependencies';

export interface IndexRun {
  readonly indexRunId: string;
  readonly indexRunSeq: number;
  readonly chunkSize: number;
  readonly chunkOverlap: number;
}

export interface EmbedInput {
  readonly tenantId: string;
  readonly planeId: string;
  readonly run: IndexRun;
  readonly documents: readonly WorkDocument[];
  readonly signal: AbortSignal;
}

/** Cuts the documents' texts into chunks and gives each its vector. */
export async function embedDocuments(
  { objects, embedder }: Pick<KnowledgeDependencies, 'objects' | 'embedder'>,
  { tenantId, planeId, run, documents, signal }: EmbedInput,
): Promise<readonly EmbeddedChunk[]> {
  const chunks: ChunkRecord[] = [];
  for (const document of documents) {
    const text = (await objects.get(tenantId, document.textKey)).toString('utf8');
    chunks.push(...toChunks({ planeId, run, document, text }));
  }
  const vectors = await embedder.embed(
    chunks.map(({ text }) => text),
    { signal },
  );
  return chunks.map((chunk, index) => ({ ...chunk, vector: vectors[index] ?? new Float32Array() }));
}

interface ChunkInput {
  readonly planeId: string;
  readonly run: IndexRun;
  readonly document: WorkDocument;
  readonly text: string;
}

function toChunks({ planeId, run, document, text }: ChunkInput): ChunkRecord[] {
  const { documentId, sourceId, version } = document;
  return chunkText(text, { size: run.chunkSize, overlap: run.chunkOverlap }).map((chunk) => ({
    id: chunkId({ planeId, documentId, version, chunkIndex: chunk.index }),
    planeId,
    sourceId,
    documentId,
    version,
    chunkIndex: chunk.index,
    start: chunk.start,
    end: chunk.end,
    text: chunk.text,
    textHash: sha256Hex(chunk.text),
    indexRunId: run.indexRunId,
    indexRunSeq: run.indexRunSeq,
  }));
}

/** The same chunk of the same version has the same id in every run: SHA-256 over its parts, each on a line. */
function chunkId(parts: Pick<ChunkRecord, 'planeId' | 'documentId' | 'version' | 'chunkIndex'>): string {
  const { planeId, documentId, version, chunkIndex } = parts;
  return sha256Hex([planeId, documentId, version, chunkIndex].join('\n'));
}
