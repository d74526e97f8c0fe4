import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { DocumentId, JobId, PlaneId, Sha256 } from '../../contracts/knowledge-schemas';
import { identifier } from '../../contracts/text';
import { defineOperation, type Bound } from '../define';
import { newId } from '../ids';
import { lockRunningJob } from './rows';
import { saveStageProgress } from './stage-progress';

const jobParams = { planeId: PlaneId, jobId: JobId };

/** Opens the index run of a job, or finds it again, and fixes the plane's embedding model at its first. */
export const beginIndexRun = defineOperation({
  name: 'knowledge.index.begin_run',
  permission: 'write:planes',
  params: z.strictObject({ ...jobParams, model: z.string().max(128), dimension: z.int().min(1).max(65_536) }),
  fence: 'fenced',
  capability: 'lifecycle.index',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,
  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),

  async handle(work, { params: { planeId, jobId, model, dimension }, facts: { plane } }) {
    if (plane.embedding_model !== null && plane.embedding_model !== model) {
      throw refusal(
        'INDEXING_FAILED',
        `the plane was indexed with ${plane.embedding_model}, the server embeds with ${model}`,
      );
    }
    const run = await work.tx
      .insertInto('knowledge_index_runs')
      .values({ index_run_id: newId('ixr_', 8), plane_id: planeId, tenant_id: plane.tenant_id, job_id: jobId })
      .onConflict((conflict) => conflict.column('job_id').doUpdateSet({ status: 'running' }))
      .returning(['index_run_id', 'seq'])
      .executeTakeFirstOrThrow();
    await work.tx
      .updateTable('knowledge_planes')
      .set({ embedding_model: model, embedding_dimension: dimension, updated_at: new Date() })
      .where('plane_id', '=', planeId)
      .execute();
    await saveStageProgress(work, { planeId, jobId, stage: 'index', status: 'running', percentage: 0 });
    work.audit({
      type: 'StageProgressed',
      outcome: 'pending',
      planeId,
      jobId,
      evidence: { stage: 'index', counts: {} },
    });
    return {
      indexRunId: run.index_run_id,
      indexRunSeq: Number(run.seq),
      chunkSize: plane.chunk_size,
      chunkOverlap: plane.chunk_overlap,
    };
  },
});

const IndexedDocument = z.strictObject({
  documentId: DocumentId,
  version: Sha256,
  textKey: Sha256,
  chunkCount: z.int().min(0),
});

/** Commits what the run has written to the index so far. It stays invisible until the run is committed. */
export const recordIndexed = defineOperation({
  name: 'knowledge.index.record_batch',
  permission: 'write:planes',
  params: z.strictObject({
    ...jobParams,
    indexRunId: identifier,
    documents: z.array(IndexedDocument).min(1).max(1000),
    percentage: z.number().min(0).max(100),
  }),
  fence: 'fenced',
  capability: 'lifecycle.index',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,
  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),

  async handle(work, { params: { planeId, jobId, indexRunId, documents, percentage } }) {
    await work.tx
      .insertInto('knowledge_document_indexings')
      .values(
        documents.map(({ documentId, version, textKey, chunkCount }) => ({
          index_run_id: indexRunId,
          document_id: documentId,
          tenant_id: work.context.tenantId,
          version,
          text_key: textKey,
          chunk_count: chunkCount,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['index_run_id', 'document_id']).doUpdateSet((eb) => ({
          version: eb.ref('excluded.version'),
          text_key: eb.ref('excluded.text_key'),
          chunk_count: eb.ref('excluded.chunk_count'),
        })),
      )
      .execute();
    await saveStageProgress(work, { planeId, jobId, stage: 'index', status: 'running', percentage });
    const counts = {
      documents: documents.length,
      chunks: documents.reduce((sum, { chunkCount }) => sum + chunkCount, 0),
    };
    work.audit({ type: 'StageProgressed', outcome: 'success', planeId, jobId, evidence: { stage: 'index', counts } });
    return counts;
  },
});

/** Makes the run visible in one step: its documents point to it, and gone or unreadable ones point nowhere. */
export const commitIndexRun = defineOperation({
  name: 'knowledge.index.commit_run',
  permission: 'write:planes',
  params: z.strictObject({ ...jobParams, indexRunId: identifier }),
  fence: 'fenced',
  capability: 'lifecycle.index',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,
  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),

  async handle(work, { params: { planeId, jobId, indexRunId } }) {
    await requireAllIndexed(work, { planeId, indexRunId });
    await sql`
      update knowledge_documents d set indexed_version = x.version, indexed_run_id = x.index_run_id,
        indexed_text_key = x.text_key, chunk_count = x.chunk_count, updated_at = now(),
        status = case when d.status = 'stored' then 'indexed' else d.status end
      from knowledge_document_indexings x
      where x.index_run_id = ${indexRunId} and x.document_id = d.document_id and d.status in ('stored', 'indexed')
        and d.version = x.version`.execute(work.tx);
    await sql`
      update knowledge_documents set indexed_version = null, indexed_run_id = null, indexed_text_key = null,
        chunk_count = 0, updated_at = now()
      where plane_id = ${planeId} and status in ('deleted', 'dead_letter') and indexed_version is not null`.execute(
      work.tx,
    );
    await sql`update knowledge_index_runs set status = 'committed', committed_at = now()
      where index_run_id = ${indexRunId}`.execute(work.tx);
    const counts = await refreshPlane(work, planeId);
    await saveStageProgress(work, {
      planeId,
      jobId,
      stage: 'index',
      status: 'completed',
      percentage: 100,
      message: `${counts.documents} documents, ${counts.chunks} chunks`,
    });
    work.audit({ type: 'StageProgressed', outcome: 'success', planeId, jobId, evidence: { stage: 'index', counts } });
    return counts;
  },
});

async function requireAllIndexed({ tx }: Bound, { planeId, indexRunId }: { planeId: string; indexRunId: string }) {
  const { rows } = await sql<{ missing: number }>`
    select count(*)::int as missing from knowledge_documents d
    where d.plane_id = ${planeId} and d.status = 'stored' and not exists (
      select from knowledge_document_indexings x
      where x.index_run_id = ${indexRunId} and x.document_id = d.document_id and x.version = d.version)`.execute(tx);
  const missing = rows[0]?.missing ?? 0;
  if (missing > 0) throw refusal('INDEXING_FAILED', `${missing} documents were not indexed by this run`);
}

async function refreshPlane({ tx }: Bound, planeId: string): Promise<{ documents: number; chunks: number }> {
  const { rows } = await sql<{ documents: number; chunks: number }>`
    with totals as (
      select count(*)::int as documents, coalesce(sum(chunk_count), 0)::int as chunks
      from knowledge_documents where plane_id = ${planeId} and indexed_version is not null)
    update knowledge_planes set document_count = totals.documents, node_count = totals.chunks,
      last_indexed_at = now(), updated_at = now()
    from totals where plane_id = ${planeId} returning totals.documents, totals.chunks`.execute(tx);
  return rows[0] ?? { documents: 0, chunks: 0 };
}
