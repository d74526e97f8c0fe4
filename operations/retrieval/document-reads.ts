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

    findings: (tenantId: string, planeId: string, documentIds: readonly string[]) =>
      readAsTenant(db, tenantId, async (tx) => {
        const { rows } = await sql<{ documentId: string; kind: string; start: number; end: number }>`
          select f.document_id as "documentId", f.kind, f.start_offset as start, f.end_offset as "end"
          from knowledge_findings f
          join knowledge_documents d on d.document_id = f.document_id and d.indexed_version = f.version
          where f.plane_id = ${planeId} and f.document_id = any(${documentIds}::text[])
          order by f.document_id, f.start_offset`.execute(tx);
        return rows;
      }),

    list: (tenantId: string, planeId: string, { after, limit }: { after: string; limit: number }) =>
      readAsTenant(db, tenantId, (tx) =>
        tx
          .selectFrom('knowledge_documents')
          .select(['document_id', 'name', 'source_id', 'format'])
          .select(sql<string>`indexed_version`.as('version'))
          .where('plane_id', '=', planeId)
          .where('document_id', '>', after)
          .where('indexed_version', 'is not', null)
          .where('deleted_at', 'is', null)
          .orderBy('document_id')
          .limit(limit)
          .execute(),
      ),
  };
}
