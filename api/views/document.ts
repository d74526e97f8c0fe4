import type { DocumentView, FindingView } from '../../contracts/api/knowledge';
import type { DocumentStatus } from '../../contracts/knowledge';
import type { KnowledgeDocument, KnowledgeFinding } from '../../prisma/generated/client';

export function toDocumentView(document: KnowledgeDocument): DocumentView {
  const { deadLetterCode: code, deadLetterReason: reason } = document;
  return {
    document_id: document.documentId,
    source_id: document.sourceId,
    name: document.name,
    status: document.status as DocumentStatus,
    version: document.version,
    bytes: Number(document.bytes),
    format: document.format,
    dead_letter: code === null ? null : { code, reason: reason ?? '' },
    read_error: document.readError,
    chunk_count: document.chunkCount,
    indexed_version: document.indexedVersion,
    created_at: document.createdAt.toISOString(),
    updated_at: document.updatedAt.toISOString(),
  };
}

export function toFindingView(finding: KnowledgeFinding): FindingView {
  return {
    kind: finding.kind,
    document_id: finding.documentId,
    version: finding.version,
    start: finding.startOffset,
    end: finding.endOffset,
    score: finding.score,
    rule: finding.rule,
    rule_version: finding.ruleVersion,
  };
}
