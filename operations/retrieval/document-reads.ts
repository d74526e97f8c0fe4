import { sql } from 'kysely';
import type { Database } from '../transaction/database';
import { readAsTenant } from '../transaction/read';

interface ShownRow {
  readonly document_id: string;
  readonly source_id: string;
  readonly source_name: string;
  readonly name: string;
  readonly indexed_version: string;
  readonly indexed_run_id: string;
}

interface FindingRow {
  readonly documentId: string;
  readonly version: string;
  /** Null, as the offsets are, for a document without findings. */
  readonly kind: string | null;
  readonly start: number;
  readonly end: number;
}

interface Span {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

function byDocument(rows: readonly FindingRow[]) {
  const found = new Map<string, { readonly version: string; readonly spans: Span[] }>();
  for (const { documentId, version, kind, start, end } of rows) {
    const document = found.get(documentId) ?? { version, spans: [] };
    found.set(documentId, document);
    if (kind !== null) document.spans.push({ kind, start, end });
  }
  return found;
}

/** What the mediator asks Postgres before anything is released. */
export function createDocumentReads(db: Database) {
  return {
    /** One round trip, since it stands in the path of every query. */
    async shown(tenantId: string, planeId: string, documentIds: readonly string[]) {
      const { rows } = await sql<ShownRow>`
        select * from aos_shown_documents(${tenantId}, ${planeId}, ${documentIds}::text[])`.execute(db);
      return new Map(
        rows.map((row) => [
          row.document_id,
          {
            documentId: row.document_id,
            sourceId: row.source_id,
            sourceName: row.source_name,
            name: row.name,
            indexedVersion: row.indexed_version,
            indexedRunId: row.indexed_run_id,
          },
        ]),
      );
    },

    /** In one statement, so that version and findings are of one moment. A document that is not shown now is absent. */
    findings: (tenantId: string, planeId: string, documentIds: readonly string[]) =>
      readAsTenant(db, tenantId, async (tx) => {
        const { rows } = await sql<FindingRow>`
          select d.document_id as "documentId", d.indexed_version as version, f.kind, f.start_offset as start,
            f.end_offset as "end"
          from knowledge_documents d
          left join knowledge_findings f on f.document_id = d.document_id and f.version = d.indexed_version
          where d.plane_id = ${planeId} and d.document_id = any(${documentIds}::text[]) and d.deleted_at is null
            and d.classified_version = d.indexed_version`.execute(tx);
        return byDocument(rows);
      }),

    list: (tenantId: string, planeId: string, { after, limit }: { after: string; limit: number }) =>
      readAsTenant(db, tenantId, (tx) =>
        tx
          .selectFrom('knowledge_documents')
          .select(['document_id', 'name', 'source_id', 'format'])
          .select(sql<string>`indexed_version`.as('version'))
          .where('plane_id', '=', planeId)
          .where('document_id', '>', after)
          .whereRef('classified_version', '=', 'indexed_version')
          .where('deleted_at', 'is', null)
          .orderBy('document_id')
          .limit(limit)
          .execute(),
      ),
  };
}
