import { sql } from 'kysely';
import { rulesVersion } from '../../contracts/classification';
import type { StageName } from '../../contracts/knowledge';
import type { SqlColumns, SqlParameters } from '../../contracts/sql-templates';
import type { Database } from '../transaction/database';
import { readAsTenant } from '../transaction/read';

export interface WorkSource {
  readonly sourceId: string;
  readonly sourceType: string;
  readonly config: unknown;
}

export interface KnownDocument {
  readonly name: string;
  readonly status: string;
  readonly version: string | null;
  readonly format: string | null;
  readonly textKey: string | null;
  readonly bytes: number;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export interface WorkDocument {
  readonly documentId: string;
  readonly sourceId: string;
  readonly version: string;
  readonly textKey: string;
}

export interface PendingUpload {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface WorkSqlTemplate {
  readonly connectionRef: string | null;
  readonly statement: string;
  readonly parameterOrder: readonly string[];
  readonly parameters: SqlParameters;
  readonly columns: SqlColumns;
}

interface Page {
  readonly tenantId: string;
  readonly planeId: string;
  /** Documents after this id, in id order. */
  readonly after: string;
  readonly limit: number;
}

export type WorkReads = ReturnType<typeof createWorkReads>;

/** What the stages of a job need to know to begin, and to go on after a crash. */
export function createWorkReads(db: Database) {
  return {
    listSources: (tenantId: string, planeId: string): Promise<readonly WorkSource[]> =>
      readAsTenant(db, tenantId, (tx) =>
        tx
          .selectFrom('knowledge_sources')
          .select(['source_id as sourceId', 'source_type as sourceType', 'config'])
          .where('plane_id', '=', planeId)
          .orderBy('position')
          .execute(),
      ),

    /** How the job came out, or that it is still at work; undefined when there is none of this id. */
    readJobEnd: (tenantId: string, jobId: string) =>
      readAsTenant(db, tenantId, (tx) =>
        tx
          .selectFrom('knowledge_jobs')
          .select(['status', 'error_code as errorCode', 'error_message as errorMessage'])
          .where('job_id', '=', jobId)
          .executeTakeFirst(),
      ),

    readCheckpoint: (tenantId: string, jobId: string, stage: StageName): Promise<unknown> =>
      readAsTenant(db, tenantId, async (tx) => {
        const row = await tx
          .selectFrom('plane_stage_progress')
          .select('checkpoint')
          .where('job_id', '=', jobId)
          .where('stage', '=', stage)
          .executeTakeFirst();
        return row?.checkpoint ?? undefined;
      }),

    findDocuments: (
      tenantId: string,
      sourceId: string,
      names: readonly string[],
    ): Promise<ReadonlyMap<string, KnownDocument>> =>
      readAsTenant(db, tenantId, async (tx) => {
        const rows = await tx
          .selectFrom('knowledge_documents')
          .select([
            'name',
            'status',
            'version',
            'format',
            'text_key as textKey',
            'etag',
            'last_modified as lastModified',
          ])
          .select(sql<number>`bytes::float8`.as('bytes'))
          .where('source_id', '=', sourceId)
          .where(sql<boolean>`name = any(${names}::text[])`)
          .execute();
        return new Map(rows.map((row) => [row.name, row]));
      }),

    /** Undefined when there is none of this id, or when it was retired. */
    findSqlTemplate: (tenantId: string, templateId: string): Promise<WorkSqlTemplate | undefined> =>
      readAsTenant(db, tenantId, async (tx) => {
        const row = await tx
          .selectFrom('sql_templates')
          .select(['connection_ref', 'statement', 'parameter_order', 'parameters', 'columns'])
          .where('template_id', '=', templateId)
          .where('status', '=', 'active')
          .executeTakeFirst();
        return (
          row && {
            connectionRef: row.connection_ref,
            statement: row.statement,
            parameterOrder: row.parameter_order,
            parameters: row.parameters as SqlParameters,
            columns: row.columns as SqlColumns,
          }
        );
      }),

    /** Bytes of the documents of a source that a job has seen so far. */
    sumSeenBytes: (tenantId: string, sourceId: string, jobId: string): Promise<number> =>
      readAsTenant(db, tenantId, async (tx) => {
        const { rows } = await sql<{ bytes: number }>`
          select coalesce(sum(bytes), 0)::float8 as bytes from knowledge_documents
          where source_id = ${sourceId} and seen_job_id = ${jobId} and status in ('stored', 'indexed')`.execute(tx);
        return rows[0]?.bytes ?? 0;
      }),

    listPendingUploads: (
      tenantId: string,
      sourceId: string,
      { after, limit }: { after: string; limit: number },
    ): Promise<readonly PendingUpload[]> =>
      readAsTenant(db, tenantId, async (tx) => {
        const { rows } = await sql<PendingUpload>`
          select name, bytes::float8 as bytes, version as sha256 from knowledge_documents
          where source_id = ${sourceId} and status = 'pending' and name collate "C" > ${after}
          order by name collate "C" limit ${limit}`.execute(tx);
        return rows;
      }),

    countToIndex: (tenantId: string, planeId: string): Promise<number> =>
      readAsTenant(db, tenantId, async (tx) => {
        const { rows } = await sql<{ n: number }>`
          select count(*)::int as n from knowledge_documents where plane_id = ${planeId} and status = 'stored'`.execute(
          tx,
        );
        return rows[0]?.n ?? 0;
      }),

    listToIndex: ({ tenantId, planeId, after, limit }: Page, indexRunId: string): Promise<readonly WorkDocument[]> =>
      readAsTenant(db, tenantId, async (tx) => {
        const { rows } = await sql<WorkDocument>`
          select document_id as "documentId", source_id as "sourceId", version, text_key as "textKey"
          from knowledge_documents d
          where plane_id = ${planeId} and status = 'stored' and document_id > ${after} and not exists (
            select from knowledge_document_indexings x where x.index_run_id = ${indexRunId}
              and x.document_id = d.document_id and x.version = d.version)
          order by document_id limit ${limit}`.execute(tx);
        return rows;
      }),

    listToClassify: ({ tenantId, planeId, after, limit }: Page): Promise<readonly WorkDocument[]> =>
      readAsTenant(db, tenantId, async (tx) => {
        const { rows } = await sql<WorkDocument>`
          select document_id as "documentId", source_id as "sourceId", indexed_version as version,
            indexed_text_key as "textKey"
          from knowledge_documents
          where plane_id = ${planeId} and indexed_version is not null and document_id > ${after}
            and (classified_version is distinct from indexed_version or coalesce(rules_version, 0) < ${rulesVersion})
          order by document_id limit ${limit}`.execute(tx);
        return rows;
      }),

    /**
     * What the vector store may forget: documents that were indexed in another version than the one to keep, and index
     * runs that came to nothing.
     */
    listIndexWaste: (tenantId: string, planeId: string, indexRunId: string) =>
      readAsTenant(db, tenantId, async (tx) => {
        const documents = await sql<{ documentId: string; keepVersion: string | null }>`
          select document_id as "documentId", indexed_version as "keepVersion" from knowledge_documents d
          where plane_id = ${planeId} and (status in ('deleted', 'dead_letter') or indexed_run_id = ${indexRunId})
            and exists (select from knowledge_document_indexings x
              where x.document_id = d.document_id and x.version is distinct from d.indexed_version)`.execute(tx);
        const runs = await sql<{ id: string }>`
          select index_run_id as id from knowledge_index_runs where plane_id = ${planeId} and status = 'dead'`.execute(
          tx,
        );
        return { documents: documents.rows, deadRunIds: runs.rows.map(({ id }) => id) };
      }),
  };
}
