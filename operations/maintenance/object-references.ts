import { sql, type Kysely } from 'kysely';
import type { DB } from '../../prisma/generated/database';

/** Which of these keys a row of the tenant refers to: documents, what was indexed of them, cursors of open jobs, results of tool calls, and exports. */
export async function referencedObjects(
  db: Kysely<DB>,
  tenantId: string,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string }>`
    with refs as (
      select unnest(array[version, text_key, indexed_version, indexed_text_key, classified_version]) as key
        from knowledge_documents where tenant_id = ${tenantId}
      union all
      select unnest(array[version, text_key]) from knowledge_document_indexings where tenant_id = ${tenantId}
      union all
      select sha256 from evidence_exports where tenant_id = ${tenantId}
      union all
      select output_ref from mcp_tool_calls where tenant_id = ${tenantId}
      union all
      select found[1] from plane_stage_progress g join knowledge_jobs j on j.job_id = g.job_id,
        regexp_matches(g.checkpoint::text, '[0-9a-f]{64}', 'g') found
        where g.tenant_id = ${tenantId} and j.status in ('queued', 'running'))
    select distinct key from refs where key = any(${keys}::text[])`.execute(db);
  return new Set(rows.map(({ key }) => key));
}
