import { refusal } from '../contracts/errors';
import {
  responseTokensMax,
  type ListPayload,
  type RetrievalAction,
  type RetrievalHit,
  type RetrievePayload,
  type SearchPayload,
} from '../contracts/retrieval';
import { retrieveByIds, search, type FindDependencies, type ShownCandidate } from './find-candidates';
import type { CandidateScope, FindingSpan, ListedDocument } from './ports';
import { redact } from './redact';

export interface PreparedAnswer {
  readonly hits: readonly RetrievalHit[];
  readonly documents?: readonly ListedDocument[];
  readonly nextCursor?: string | null;
  readonly documentIds: readonly string[];
  /** Estimated as a quarter of the characters. */
  readonly tokens: number;
  readonly redacted: boolean;
}

export interface PrepareInput {
  readonly scope: CandidateScope;
  readonly action: RetrievalAction;
  /** Already parsed by the schema of the action. */
  readonly payload: unknown;
  readonly redact: boolean;
}

/** Finds what the action asks for, and shapes it as it may be released. */
export async function prepareAnswer(dependencies: FindDependencies, input: PrepareInput): Promise<PreparedAnswer> {
  const { scope, action } = input;
  if (action === 'list') return listDocuments(dependencies, scope, input.payload as ListPayload);
  const candidates =
    action === 'retrieve'
      ? await retrieveByIds(dependencies, { scope, payload: input.payload as RetrievePayload })
      : await search(dependencies, { scope, action, payload: input.payload as SearchPayload });
  return shape(dependencies, input, candidates);
}

async function shape(
  dependencies: FindDependencies,
  { scope, redact: isRedacted }: PrepareInput,
  candidates: readonly ShownCandidate[],
): Promise<PreparedAnswer> {
  const releasable = isRedacted ? await withSpans(dependencies, scope, candidates) : candidates.map(withoutSpans);
  const hits: RetrievalHit[] = [];
  let tokens = 0;
  let redacted = false;
  for (const { candidate, spans } of releasable) {
    const { text, changed } = redact(candidate, spans);
    const cost = estimateTokens(text);
    if (tokens + cost > responseTokensMax) break;
    tokens += cost;
    redacted ||= changed;
    hits.push(toHit(candidate, text));
  }
  return { hits, documentIds: [...new Set(hits.map(({ document_id }) => document_id))], tokens, redacted };
}

interface Releasable {
  readonly candidate: ShownCandidate;
  readonly spans: readonly FindingSpan[];
}

const withoutSpans = (candidate: ShownCandidate): Releasable => ({ candidate, spans: [] });

// A document may have got a new version since it was found: the findings then are of another text, and hide nothing here.
async function withSpans(
  { documents }: FindDependencies,
  { tenantId, planeId }: CandidateScope,
  candidates: readonly ShownCandidate[],
): Promise<readonly Releasable[]> {
  const documentIds = [...new Set(candidates.map(({ documentId }) => documentId))];
  if (documentIds.length === 0) return [];
  const found = await documents.findings(tenantId, planeId, documentIds);
  return candidates.flatMap((candidate) => {
    const document = found.get(candidate.documentId);
    return document?.version === candidate.version ? [{ candidate, spans: document.spans }] : [];
  });
}

function toHit({ documentId, id, score, start, end, document }: ShownCandidate, text: string): RetrievalHit {
  const source = { source_id: document.sourceId, name: document.sourceName, document: document.name };
  return { document_id: documentId, chunk_id: id, text, score, start, end, source };
}

async function listDocuments(
  { documents }: FindDependencies,
  { tenantId, planeId }: CandidateScope,
  { limit, cursor }: ListPayload,
): Promise<PreparedAnswer> {
  const after = cursor === undefined ? '' : decodeCursor(cursor);
  const rows = await documents.list(tenantId, planeId, { after, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    hits: [],
    documents: shown,
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last.document_id) : null,
    documentIds: shown.map(({ document_id }) => document_id),
    tokens: 0,
    redacted: false,
  };
}

const encodeCursor = (id: string) => Buffer.from(`d:${id}`).toString('base64url');

function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  if (/^d:[A-Za-z0-9_]{1,64}$/.test(text)) return text.slice(2);
  throw refusal('validation_error', 'the cursor is not one of ours', { details: { field: 'payload.cursor' } });
}

function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}
