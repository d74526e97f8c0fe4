import { currentContext } from '../../context';
import { pageItemsMax } from '../../operations/knowledge/ingest';
import type { WorkSource } from '../../operations/knowledge/work-reads';
import { attemptKey, stepKey } from '../attempt-key';
import { workSignal } from '../work-signal';
import { createByteBudget } from './byte-budget';
import type { JobInput, KnowledgeDependencies } from './dependencies';
import { mapConcurrently } from '../map-concurrently';
import { storeItem } from './store-item';
import { readerOf, toSourceRef } from './verify-sources';

const itemsAtOnce = 8;

/** By source: where the next page begins, or null when the source is read. A source that is absent was not begun. */
type Checkpoint = Record<string, string | null>;

interface SourceTask {
  readonly job: JobInput;
  readonly tenantId: string;
  readonly source: WorkSource;
  readonly checkpoint: Checkpoint;
  readonly percentage: number;
}

/** Reads all sources page by page. Each page is committed with the cursor behind it, so a new attempt goes on there. */
export function createIngestSources(dependencies: KnowledgeDependencies) {
  const { dispatch, reads } = dependencies;
  return async function ingestSources(job: JobInput): Promise<Record<string, number>> {
    const { tenantId } = currentContext();
    const sources = await reads.listSources(tenantId, job.planeId);
    let checkpoint = ((await reads.readCheckpoint(tenantId, job.jobId, 'ingest')) ?? {}) as Checkpoint;
    for (const [index, source] of sources.entries()) {
      if (checkpoint[source.sourceId] === null) continue;
      const percentage = (100 * (index + 1)) / (sources.length + 1);
      checkpoint = await ingestSource(dependencies, { job, tenantId, source, checkpoint, percentage });
    }
    // Uploads are listed by what is pending; only a folder shows by absence what has gone.
    const readSourceIds = sources.filter(({ sourceType }) => sourceType !== 'upload').map(({ sourceId }) => sourceId);
    return dispatch(currentContext(), 'knowledge.ingest.finish', {
      params: { ...job, readSourceIds },
      idempotencyKey: stepKey('finish'),
    });
  };
}

async function ingestSource(dependencies: KnowledgeDependencies, task: SourceTask): Promise<Checkpoint> {
  const { dispatch, reads, sourceReaders, reachBarrier } = dependencies;
  const { job, tenantId, source, percentage } = task;
  const { sourceId } = source;
  const ref = toSourceRef({ tenantId, planeId: job.planeId, source });
  const reader = readerOf(sourceReaders, source);
  const budget = createByteBudget(reader, await reads.sumSeenBytes(tenantId, sourceId, job.jobId));
  let checkpoint = task.checkpoint;
  do {
    const signal = workSignal();
    signal.throwIfAborted();
    const cursor = checkpoint[sourceId] ?? null;
    const page = await reader.readPage(ref, { cursor, itemsMax: pageItemsMax, signal });
    const known = await reads.findDocuments(
      tenantId,
      sourceId,
      page.items.map(({ name }) => name),
    );
    const results = await mapConcurrently(page.items, itemsAtOnce, async (item) =>
      budget.take(await storeItem(dependencies, { tenantId, item, known: known.get(item.name), signal })),
    );
    const items = results.flatMap((result) => (result.outcome === 'document' ? [result.document] : []));
    const kept = results.flatMap((result) => (result.outcome === 'kept' ? [result.kept] : []));
    reachBarrier('ingest.page-stored');
    checkpoint = { ...checkpoint, [sourceId]: page.nextCursor };
    await dispatch(currentContext(), 'knowledge.ingest.record_page', {
      params: { ...job, sourceId, items, kept, checkpoint, percentage },
      idempotencyKey: attemptKey(
        `page/${sourceId}/${cursor === null ? 'first' : Buffer.from(cursor).toString('base64url').slice(-120)}`,
      ),
    });
    reachBarrier('ingest.page-committed');
  } while (checkpoint[sourceId] !== null);
  return checkpoint;
}
