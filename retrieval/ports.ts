/** A chunk as the index knows it. Only what Postgres shows may be released. */
export interface Candidate {
  readonly id: string;
  readonly documentId: string;
  readonly version: string;
  readonly indexRunId: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface ScoredCandidate extends Candidate {
  readonly score: number;
}

export interface CandidateScope {
  readonly tenantId: string;
  readonly planeId: string;
  readonly excludedRunIds: readonly string[];
  readonly sourceId?: string;
  readonly documentIds?: readonly string[];
}

export interface CandidateIndex {
  searchVector(scope: CandidateScope, vector: Float32Array, limit: number): Promise<readonly ScoredCandidate[]>;
  searchText(scope: CandidateScope, query: string, limit: number): Promise<readonly ScoredCandidate[]>;
  findByIds(scope: CandidateScope, chunkIds: readonly string[]): Promise<readonly Candidate[]>;
  findByDocuments(scope: CandidateScope, documentIds: readonly string[], limit: number): Promise<readonly Candidate[]>;
}

export interface QueryEmbedder {
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>;
}

export interface ShownDocument {
  readonly documentId: string;
  readonly sourceId: string;
  readonly sourceName: string;
  readonly name: string;
  readonly indexedVersion: string;
  readonly indexedRunId: string;
}

/** Where personal data stands in a document's text; never the value. */
export interface FindingSpan {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

export interface DocumentFindings {
  /** Of the text that the offsets belong to. */
  readonly version: string;
  readonly spans: readonly FindingSpan[];
}

/** As it goes over the wire. */
export interface ListedDocument {
  readonly document_id: string;
  readonly name: string;
  readonly source_id: string;
  readonly format: string | null;
  readonly version: string;
}

/** What Postgres, the truth, says about documents. */
export interface DocumentReads {
  shown(tenantId: string, planeId: string, documentIds: readonly string[]): Promise<ReadonlyMap<string, ShownDocument>>;
  /** By document id; one that is not shown any more is absent. */
  findings(
    tenantId: string,
    planeId: string,
    documentIds: readonly string[],
  ): Promise<ReadonlyMap<string, DocumentFindings>>;
  list(
    tenantId: string,
    planeId: string,
    page: { readonly after: string; readonly limit: number },
  ): Promise<readonly ListedDocument[]>;
}
