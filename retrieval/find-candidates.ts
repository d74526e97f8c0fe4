import type { RetrievePayload, SearchPayload } from '../contracts/retrieval';
import { topKMax } from '../contracts/retrieval';
import { fuseByReciprocalRank } from './fuse';
import type {
  Candidate,
  CandidateIndex,
  CandidateScope,
  DocumentReads,
  QueryEmbedder,
  ScoredCandidate,
  ShownDocument,
} from './ports';

const candidatesPerSide = 100;
const widerTimesMax = 3;
const chunksPerRetrieveMax = topKMax * 10;

export interface ShownCandidate extends ScoredCandidate {
  readonly document: ShownDocument;
}

export interface FindDependencies {
  readonly index: CandidateIndex;
  readonly embedder: QueryEmbedder;
  readonly documents: DocumentReads;
}

/**
 * Vector and full text fused by reciprocal rank, or full text alone. Keeps what Postgres shows, and asks again with
 * twice the candidates, three times at most, while that leaves too few.
 */
export async function search(
  { index, embedder, documents }: FindDependencies,
  { scope, action, payload }: { scope: CandidateScope; action: 'query' | 'search'; payload: SearchPayload },
): Promise<readonly ShownCandidate[]> {
  const narrowed = narrow(scope, payload.filters);
  const [vector] = action === 'query' ? await embedder.embed([payload.query]) : [];
  let limit = candidatesPerSide;
  for (let round = 1; ; round += 1) {
    const [byText, byVector] = await Promise.all([
      index.searchText(narrowed, payload.query, limit),
      vector === undefined ? undefined : index.searchVector(narrowed, vector, limit),
    ]);
    const ranked = byVector === undefined ? byText : fuse([byVector, byText]);
    const shown = await firstShown(documents, scope, ranked, payload.top_k);
    const isExhausted = byText.length < limit && (byVector?.length ?? 0) < limit;
    if (shown.length >= payload.top_k || isExhausted || round > widerTimesMax) return shown;
    limit *= 2;
  }
}

export async function retrieveByIds(
  { index, documents }: FindDependencies,
  { scope, payload }: { scope: CandidateScope; payload: RetrievePayload },
): Promise<readonly ShownCandidate[]> {
  const found: readonly Candidate[] =
    'chunk_ids' in payload
      ? await index.findByIds(scope, payload.chunk_ids)
      : await index.findByDocuments(scope, payload.document_ids, chunksPerRetrieveMax);
  return keepShown(
    documents,
    scope,
    found.map((candidate) => ({ ...candidate, score: 1 })),
  );
}

function narrow(scope: CandidateScope, filters: SearchPayload['filters']): CandidateScope {
  return {
    ...scope,
    ...(filters?.source_id !== undefined && { sourceId: filters.source_id }),
    ...(filters?.document_id !== undefined && { documentIds: filters.document_id }),
  };
}

function fuse(lists: readonly (readonly ScoredCandidate[])[]): readonly ScoredCandidate[] {
  const byId = new Map(lists.flat().map((candidate) => [candidate.id, candidate]));
  return fuseByReciprocalRank(lists.map((list) => list.map(({ id }) => id))).flatMap(({ id, score }) => {
    const candidate = byId.get(id);
    return candidate === undefined ? [] : [{ ...candidate, score }];
  });
}

// Nearly always the first candidates are shown: Postgres is asked for them, and for the others only when needed.
async function firstShown(
  documents: DocumentReads,
  scope: CandidateScope,
  ranked: readonly ScoredCandidate[],
  wanted: number,
): Promise<readonly ShownCandidate[]> {
  const shown: ShownCandidate[] = [];
  for (let from = 0, count = wanted * 2; from < ranked.length && shown.length < wanted; from += count, count *= 4) {
    shown.push(...(await keepShown(documents, scope, ranked.slice(from, from + count))));
  }
  return shown.slice(0, wanted);
}

async function keepShown(
  documents: DocumentReads,
  { tenantId, planeId }: CandidateScope,
  candidates: readonly ScoredCandidate[],
): Promise<readonly ShownCandidate[]> {
  if (candidates.length === 0) return [];
  const ids = [...new Set(candidates.map(({ documentId }) => documentId))];
  const shown = await documents.shown(tenantId, planeId, ids);
  return candidates.flatMap((candidate) => {
    const document = shown.get(candidate.documentId);
    const isCurrent = document?.indexedVersion === candidate.version && document.indexedRunId === candidate.indexRunId;
    return isCurrent ? [{ ...candidate, document }] : [];
  });
}
