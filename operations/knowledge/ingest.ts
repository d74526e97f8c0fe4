import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { JobId, PlaneId, Sha256, SourceId } from '../../contracts/knowledge-schemas';
import { rawText } from '../../contracts/text';
import { defineOperation, type Bound } from '../define';
import { newId } from '../ids';
import { lockRunningJob } from './rows';
import { saveStageProgress } from './stage-progress';

export const pageItemsMax = 100;

const IngestedItem = z.strictObject({
  name: rawText(1024),
  version: Sha256.nullable(),
  bytes: z.int().min(0),
  format: z.string().max(32).nullable(),
  textKey: Sha256.nullable(),
  deadLetter: z.strictObject({ code: z.string().max(64), reason: z.string().max(1000) }).nullable(),
  /** What the far side calls this version. */
  etag: z.string().max(512).nullable().optional(),
  lastModified: z.string().max(64).nullable().optional(),
});
export type IngestedItem = z.infer<typeof IngestedItem>;

/** A document that could not be read this time, which says nothing about it: it stays as it is. */
const KeptItem = z.strictObject({ name: rawText(1024), reason: z.string().max(1000) });
export type KeptItem = z.infer<typeof KeptItem>;

/** Commits one page of documents together with the cursor behind it. */
export const recordPage = defineOperation({
  name: 'knowledge.ingest.record_page',
  permission: 'write:planes',
  params: z.strictObject({
    planeId: PlaneId,
    jobId: JobId,
    sourceId: SourceId,
    items: z.array(IngestedItem).max(pageItemsMax),
    kept: z.array(KeptItem).max(pageItemsMax).optional(),
    /** The whole checkpoint of the stage: by source, the next cursor, or null when the source is read. */
    checkpoint: z.record(SourceId, z.string().max(2048).nullable()),
    percentage: z.number().min(0).max(100),
  }),
  fence: 'fenced',
  capability: 'lifecycle.ingest',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,
  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),

  async handle(work, { params, facts: { plane } }) {
    const { planeId, jobId, sourceId, items, kept = [], checkpoint, percentage } = params;
    if (items.length > 0) await upsertDocuments(work, { planeId: plane.plane_id, jobId, sourceId, items });
    if (kept.length > 0) await keepDocuments(work, { jobId, sourceId, kept });
    const stored = items.filter(({ deadLetter }) => deadLetter === null).length;
    const counts = {
      found: items.length + kept.length,
      stored,
      dead_letters: items.length - stored,
      ...(kept.length > 0 && { unavailable: kept.length }),
    };
    await saveStageProgress(work, { planeId, jobId, stage: 'ingest', status: 'running', percentage, checkpoint });
    work.audit({ type: 'StageProgressed', outcome: 'success', planeId, jobId, evidence: { stage: 'ingest', counts } });
    return counts;
  },
});

interface Page {
  readonly planeId: string;
  readonly jobId: string;
  readonly sourceId: string;
  readonly items: readonly IngestedItem[];
}

// An unchanged document keeps its status, and one that the index holds as it is now is not indexed again: its rows would
// pass to a run that may yet come to nothing. One that was deleted by hand stays so until its content changes, and one
// that was uploaded anew since this page was read waits for the next job.
async function upsertDocuments({ tx, context }: Bound, { planeId, jobId, sourceId, items }: Page): Promise<void> {
  const rows = JSON.stringify(items.map((item) => ({ ...item, documentId: newId('doc_') })));
  await sql`
    insert into knowledge_documents as d (document_id, plane_id, source_id, tenant_id, name, status, version, bytes,
      format, text_key, dead_letter_code, dead_letter_reason, seen_job_id, etag, last_modified)
    select i->>'documentId', ${planeId}, ${sourceId}, ${context.tenantId}, i->>'name',
      case when i->'deadLetter' = 'null'::jsonb then 'stored' else 'dead_letter' end,
      i->>'version', (i->>'bytes')::bigint, i->>'format', i->>'textKey',
      i->'deadLetter'->>'code', i->'deadLetter'->>'reason', ${jobId}, i->>'etag', i->>'lastModified'
    from jsonb_array_elements(${rows}::jsonb) as i
    on conflict (source_id, name) do update set
      seen_job_id = excluded.seen_job_id,
      status = case
        when d.status in ('indexed', 'deleted') and d.version is not distinct from excluded.version then d.status
        when excluded.status = 'stored' and d.indexed_version = excluded.version
          and d.indexed_text_key = excluded.text_key then 'indexed'
        else excluded.status end,
      deleted_at = case when d.version is not distinct from excluded.version then d.deleted_at end,
      version = excluded.version, bytes = excluded.bytes, format = excluded.format, text_key = excluded.text_key,
      dead_letter_code = excluded.dead_letter_code, dead_letter_reason = excluded.dead_letter_reason,
      etag = excluded.etag, last_modified = excluded.last_modified, read_error = null, updated_at = now()
    where d.status <> 'pending' or d.version = excluded.version`.execute(tx);
}

async function keepDocuments(
  { tx }: Bound,
  { jobId, sourceId, kept }: Pick<Page, 'jobId' | 'sourceId'> & { readonly kept: readonly KeptItem[] },
): Promise<void> {
  await sql`
    update knowledge_documents d set seen_job_id = ${jobId}, read_error = k->>'reason', updated_at = now()
    from jsonb_array_elements(${JSON.stringify(kept)}::jsonb) as k
    where d.source_id = ${sourceId} and d.name = k->>'name'`.execute(tx);
}

/** Ends ingestion: documents that left their source are deleted, and too many unreadable ones fail the stage. */
export const finishIngest = defineOperation({
  name: 'knowledge.ingest.finish',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId, jobId: JobId, readSourceIds: z.array(SourceId).max(50) }),
  fence: 'fenced',
  capability: 'lifecycle.ingest',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,
  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),

  async handle(work, { params: { planeId, jobId, readSourceIds }, facts: { plane, job } }) {
    const pruned = await pruneVanished(work, { jobId, readSourceIds });
    const counts = { ...(await countDocuments(work, planeId)), pruned };
    if (job.kind === 'ingest_data') requireReadable(counts, plane.unreadable_tolerance);
    await sql`update knowledge_planes p set document_count = ${counts.stored}, updated_at = now(), total_bytes =
      (select coalesce(sum(bytes), 0) from knowledge_documents d where d.plane_id = p.plane_id
        and d.status in ('stored', 'indexed')) where plane_id = ${planeId}`.execute(work.tx);
    const unavailable = await endSources(work, planeId, jobId);
    const message = `${counts.found} found: ${counts.stored} stored, ${counts.dead_letters} unreadable`;
    await saveStageProgress(work, { planeId, jobId, stage: 'ingest', status: 'completed', percentage: 100, message });
    const evidence = { stage: 'ingest', counts: { ...counts, ...(unavailable > 0 && { unavailable }) } } as const;
    work.audit({ type: 'StageProgressed', outcome: 'success', planeId, jobId, evidence });
    return evidence.counts;
  },
});

// Documents that keep their last version are no failure of the stage; their source says how many, and one example.
async function endSources({ tx }: Bound, planeId: string, jobId: string): Promise<number> {
  const { rows } = await sql<{ source_id: string; unavailable: number }>`
    with behind as (
      select source_id, count(*)::int as unavailable, min(name || ': ' || read_error) as example
      from knowledge_documents where plane_id = ${planeId} and seen_job_id = ${jobId} and read_error is not null
      group by source_id)
    update knowledge_sources s set status = 'ingested', last_ingested_at = now(), updated_at = now(),
      last_error = (select unavailable || ' documents could not be read and keep their last version, such as '
        || example from behind b where b.source_id = s.source_id)
    where plane_id = ${planeId}
    returning source_id, coalesce((select unavailable from behind b where b.source_id = s.source_id), 0) as unavailable`.execute(
    tx,
  );
  return rows.reduce((sum, { unavailable }) => sum + unavailable, 0);
}

// Without a version, so that it is taken up again should it come back as it was; what was deleted by hand keeps its own.
async function pruneVanished(
  { tx }: Bound,
  { jobId, readSourceIds }: { jobId: string; readSourceIds: readonly string[] },
): Promise<number> {
  const { rows } = await sql`
    update knowledge_documents set status = 'deleted', version = null, etag = null, last_modified = null,
      read_error = null, deleted_at = now(), updated_at = now()
    where source_id = any(${readSourceIds}::text[]) and seen_job_id is distinct from ${jobId} and status <> 'deleted'
    returning 1`.execute(tx);
  return rows.length;
}

async function countDocuments({ tx }: Bound, planeId: string) {
  const { rows } = await sql<{ found: number; stored: number; dead_letters: number }>`
    select count(*)::int as found, (count(*) filter (where status in ('stored', 'indexed')))::int as stored,
      (count(*) filter (where status = 'dead_letter'))::int as dead_letters
    from knowledge_documents where plane_id = ${planeId} and status in ('stored', 'indexed', 'dead_letter')`.execute(
    tx,
  );
  return rows[0] ?? { found: 0, stored: 0, dead_letters: 0 };
}

function requireReadable(counts: { found: number; dead_letters: number }, tolerance: number): void {
  if (counts.found === 0) {
    throw refusal('INGESTION_FAILED', 'the sources hold no documents; add some, then ingest again');
  }
  if (counts.dead_letters / counts.found > tolerance) {
    throw refusal(
      'INGESTION_FAILED',
      `${counts.dead_letters} of ${counts.found} documents are unreadable, more than the plane tolerates; ` +
        'see GET /planes/{id}/documents?status=dead_letter',
      { details: counts },
    );
  }
}
