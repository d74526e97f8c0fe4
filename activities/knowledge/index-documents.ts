import { log } from '@temporalio/activity';
import { currentContext } from '../../context';
import type { WorkDocument } from '../../operations/knowledge/work-reads';
import type { EmbeddedChunk } from '../adapters/vector-store/port';
import { attemptKey, stepKey } from '../attempt-key';
import { workSignal } from '../work-signal';
import type { JobInput, KnowledgeDependencies } from './dependencies';
import { embedDocuments, type IndexRun } from './embed-documents';

const documentsPerBatch = 40;

interface Batch {
  readonly documents: readonly WorkDocument[];
  readonly chunks: readonly EmbeddedChunk[];
}

/**
 * Chunks, embeds and upserts what the plane has stored, under an index run of the job. While one batch is written the
 * next is embedded already. Nothing of the run is found by a search before it is committed.
 */
export function createIndexDocuments(dependencies: KnowledgeDependencies) {
  const { dispatch, reads, embedder, reachBarrier } = dependencies;
  return async function indexDocuments(job: JobInput): Promise<Record<string, number>> {
    const { tenantId } = currentContext();
    const run: IndexRun = await dispatch(currentContext(), 'knowledge.index.begin_run', {
      params: { ...job, model: embedder.model, dimension: embedder.dimension },
      idempotencyKey: stepKey('begin-run'),
    });
    const total = await reads.countToIndex(tenantId, job.planeId);
    let done = 0;
    for await (const batch of readBatches(dependencies, { job, tenantId, run })) {
      await writeBatch(dependencies, { job, tenantId, batch });
      done += batch.documents.length;
      const percentage = Math.min(99, (100 * done) / Math.max(total, 1));
      await commitBatch(dependencies, { job, run, batch, percentage });
    }
    const counts = await dispatch(currentContext(), 'knowledge.index.commit_run', {
      params: { ...job, indexRunId: run.indexRunId },
      idempotencyKey: stepKey('commit-run'),
    });
    reachBarrier('index.run-committed');
    await tidy(dependencies, { job, tenantId, run });
    return counts;
  };
}

interface RunTask {
  readonly job: JobInput;
  readonly tenantId: string;
  readonly run: IndexRun;
}

async function* readBatches(dependencies: KnowledgeDependencies, { job, tenantId, run }: RunTask) {
  const { planeId } = job;
  const list = (after: string) =>
    dependencies.reads.listToIndex({ tenantId, planeId, after, limit: documentsPerBatch }, run.indexRunId);
  const prepare = async (after: string): Promise<Batch | undefined> => {
    const documents = await list(after);
    if (documents.length === 0) return undefined;
    const chunks = await embedDocuments(dependencies, { tenantId, planeId, run, documents, signal: workSignal() });
    return { documents, chunks };
  };
  let next = prepare('');
  for (;;) {
    const batch = await next;
    if (batch === undefined) return;
    next = prepare(batch.documents.at(-1)?.documentId ?? '');
    // Its failure belongs to the next turn; until then it must not end the process as unhandled.
    next.catch(() => {});
    yield batch;
  }
}

async function writeBatch(
  { vectors, exclusively, reachBarrier }: KnowledgeDependencies,
  { tenantId, batch }: { job: JobInput; tenantId: string; batch: Batch },
): Promise<void> {
  const signal = workSignal();
  signal.throwIfAborted();
  await exclusively({ tenantId, resource: `vectors:${tenantId}`, signal }, () =>
    vectors.upsert(tenantId, batch.chunks),
  );
  reachBarrier('index.batch-upserted');
}

async function commitBatch(
  { dispatch, reachBarrier }: KnowledgeDependencies,
  { job, run, batch, percentage }: { job: JobInput; run: IndexRun; batch: Batch; percentage: number },
): Promise<void> {
  const counts = new Map<string, number>();
  for (const { documentId } of batch.chunks) counts.set(documentId, (counts.get(documentId) ?? 0) + 1);
  const documents = batch.documents.map(({ documentId, version, textKey }) => ({
    documentId,
    version,
    textKey,
    chunkCount: counts.get(documentId) ?? 0,
  }));
  await dispatch(currentContext(), 'knowledge.index.record_batch', {
    params: { ...job, indexRunId: run.indexRunId, documents, percentage },
    idempotencyKey: attemptKey(`batch/${documents[0]?.documentId ?? ''}`),
  });
  reachBarrier('index.batch-committed');
}

// The index is right without this, since a search keeps only what Postgres shows; left-overs cost space and time.
async function tidy(
  { reads, vectors, exclusively }: KnowledgeDependencies,
  { job: { planeId }, tenantId, run }: RunTask,
): Promise<void> {
  try {
    const waste = await reads.listIndexWaste(tenantId, planeId, run.indexRunId);
    await exclusively({ tenantId, resource: `vectors:${tenantId}`, signal: workSignal() }, async () => {
      await vectors.deleteVersions(tenantId, planeId, waste.documents, run.indexRunSeq);
      await vectors.deleteRuns(tenantId, planeId, waste.deadRunIds);
      await vectors.compact(tenantId);
    });
  } catch (error) {
    log.warn('the vector store was not tidied', { error: error instanceof Error ? error.message : String(error) });
  }
}
