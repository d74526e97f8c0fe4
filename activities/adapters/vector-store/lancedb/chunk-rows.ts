import { z } from 'zod';
import { EngineError } from '../../../../contracts/errors';
import type { ChunkRecord, EmbeddedChunk } from '../port';

const Row = z.object({
  id: z.string(),
  plane_id: z.string(),
  source_id: z.string(),
  document_id: z.string(),
  version: z.string(),
  chunk_index: z.number(),
  start: z.number(),
  end: z.number(),
  text: z.string(),
  text_hash: z.string(),
  index_run_id: z.string(),
  index_run_seq: z.number(),
});

/** A row of the table as a record; the table is read as anything else from outside. */
export function toRecord(row: unknown): ChunkRecord {
  const parsed = Row.parse(row);
  return {
    id: parsed.id,
    planeId: parsed.plane_id,
    sourceId: parsed.source_id,
    documentId: parsed.document_id,
    version: parsed.version,
    chunkIndex: parsed.chunk_index,
    start: parsed.start,
    end: parsed.end,
    text: parsed.text,
    textHash: parsed.text_hash,
    indexRunId: parsed.index_run_id,
    indexRunSeq: parsed.index_run_seq,
  };
}

/**
 * Rows for one merge: of several with one id that of the newest run stays, as the table would keep both.
 * Fails as `invalid_configuration` on a vector of another length, which the table would cut or pad in silence.
 */
export function toRows(chunks: readonly EmbeddedChunk[], dimension: number): Record<string, unknown>[] {
  const newest = new Map<string, EmbeddedChunk>();
  for (const chunk of chunks) {
    checkVector(chunk.vector, dimension);
    if ((newest.get(chunk.id)?.indexRunSeq ?? -Infinity) <= chunk.indexRunSeq) newest.set(chunk.id, chunk);
  }
  return [...newest.values()].map((chunk) => ({
    id: chunk.id,
    plane_id: chunk.planeId,
    source_id: chunk.sourceId,
    document_id: chunk.documentId,
    version: chunk.version,
    chunk_index: chunk.chunkIndex,
    start: chunk.start,
    end: chunk.end,
    text: chunk.text,
    text_hash: chunk.textHash,
    index_run_id: chunk.indexRunId,
    index_run_seq: chunk.indexRunSeq,
    vector: chunk.vector,
  }));
}

export function checkVector(vector: Float32Array, dimension: number): void {
  if (vector.length === dimension && vector.every(Number.isFinite)) return;
  throw new EngineError(
    'invalid_configuration',
    `The index holds vectors of ${dimension} finite numbers, and got one of ${vector.length}.`,
  );
}
