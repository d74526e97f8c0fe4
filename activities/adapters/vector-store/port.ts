/** One chunk of a document version as stored in the index. The index is never the truth: Postgres is. */
export interface ChunkRecord {
  /** `sha256(plane, document id, version, chunk index)`, 64 hex. */
  readonly id: string;
  readonly planeId: string;
  readonly sourceId: string;
  readonly documentId: string;
  /** Content hash of the document, 64 hex. */
  readonly version: string;
  readonly chunkIndex: number;
  /** Offsets into the document's extracted text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly textHash: string;
  readonly indexRunId: string;
  /** Grows with every index run: an older run never overwrites a row of a newer one. */
  readonly indexRunSeq: number;
}

export interface EmbeddedChunk extends ChunkRecord {
  readonly vector: Float32Array;
}

export interface SearchScope {
  readonly tenantId: string;
  readonly planeId: string;
  /** Unfinished and dead index runs, excluded before the search. */
  readonly excludedRunIds: readonly string[];
  readonly sourceId?: string;
  readonly documentIds?: readonly string[];
}

export interface ScoredChunk extends ChunkRecord {
  /** Higher is better; cosine similarity for vectors, BM25 for text. */
  readonly score: number;
}

/** Every tenant has a table of its own, so that no filter stands between two tenants. */
export interface VectorStore {
  /** Inserts or replaces by id. A vector of another length than the table's fails with `invalid_configuration`. */
  upsert(tenantId: string, chunks: readonly EmbeddedChunk[]): Promise<void>;
  searchVector(scope: SearchScope, vector: Float32Array, limit: number): Promise<ScoredChunk[]>;
  searchText(scope: SearchScope, query: string, limit: number): Promise<ScoredChunk[]>;
  findByIds(scope: SearchScope, chunkIds: readonly string[]): Promise<ChunkRecord[]>;
  /** Ordered by document and chunk index. */
  findByDocuments(scope: SearchScope, documentIds: readonly string[], limit: number): Promise<ChunkRecord[]>;
  /**
   * Removes every row of the documents except those of the version to keep (all rows when it is null), and those of
   * index runs that came later than the one that tidies: it may have been overtaken.
   */
  deleteVersions(
    tenantId: string,
    planeId: string,
    documents: readonly { readonly documentId: string; readonly keepVersion: string | null }[],
    indexRunSeqMax?: number,
  ): Promise<void>;
  deleteRuns(tenantId: string, planeId: string, indexRunIds: readonly string[]): Promise<void>;
  countRows(tenantId: string, planeId: string): Promise<number>;
  /** Merges small files, indexes new rows, drops versions of the table older than an hour. Only the lease holder calls it. */
  compact(tenantId: string): Promise<void>;
  /** A real round trip; throws when the store cannot be used. */
  checkHealth(): Promise<void>;
}
