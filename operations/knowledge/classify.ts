import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { sensitivityLevels, type SensitivityLevel } from '../../contracts/knowledge';
import { DocumentId, JobId, PlaneId, Sha256 } from '../../contracts/knowledge-schemas';
import { defineOperation, type Work } from '../define';
import { lockRunningJob, stateOf, type PlaneRow } from './rows';
import { classifySensitivity, countedScoreMin, keepCategories } from './sensitivity';
import { saveStageProgress } from './stage-progress';

const jobParams = { planeId: PlaneId, jobId: JobId };

const Finding = z.strictObject({
  kind: z.string().max(32),
  start: z.int().min(0),
  end: z.int().min(0),
  score: z.number().min(0).max(1),
  rule: z.string().max(64),
  version: z.string().max(32),
});

/** Replaces the findings of the documents. A finding says where and what kind, never the value. */
export const recordClassified = defineOperation({
  name: 'knowledge.classify.record_batch',
  permission: 'write:planes',
  params: z.strictObject({
    ...jobParams,
    documents: z
      .array(
        z.strictObject({
          documentId: DocumentId,
          version: Sha256,
          categories: z.array(z.string().max(32)).max(20),
          findings: z.array(Finding),
        }),
      )
      .min(1)
      .max(1000),
    percentage: z.number().min(0).max(100),
  }),
  fence: 'fenced',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,
  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),

  async handle(work, { params: { planeId, jobId, documents, percentage }, facts: { plane } }) {
    const json = JSON.stringify(documents);
    await sql`delete from knowledge_findings where plane_id = ${planeId}
      and document_id in (select d->>'documentId' from jsonb_array_elements(${json}::jsonb) d)`.execute(work.tx);
    await sql`
      insert into knowledge_findings (tenant_id, plane_id, document_id, version, kind, start_offset, end_offset, score,
        rule, rule_version, job_id)
      select ${work.context.tenantId}, ${planeId}, d->>'documentId', d->>'version', f->>'kind', (f->>'start')::int,
        (f->>'end')::int, (f->>'score')::float8, f->>'rule', f->>'version', ${jobId}
      from jsonb_array_elements(${json}::jsonb) d, jsonb_array_elements(d->'findings') f
      on conflict do nothing`.execute(work.tx);
    await sql`
      update knowledge_documents k set classified_version = d->>'version', updated_at = now(),
        categories = array(select jsonb_array_elements_text(d->'categories'))
      from jsonb_array_elements(${json}::jsonb) d
      where k.plane_id = ${planeId} and k.document_id = d->>'documentId'`.execute(work.tx);
    if (stateOf(plane) === 'ACTIVE') await raiseLevel(work, plane);
    const findings = documents.reduce((sum, document) => sum + document.findings.length, 0);
    const counts = { documents: documents.length, findings };
    await saveStageProgress(work, { planeId, jobId, stage: 'classify', status: 'running', percentage });
    work.audit({
      type: 'StageProgressed',
      outcome: 'success',
      planeId,
      jobId,
      evidence: { stage: 'classify', counts },
    });
    return counts;
  },
});

/** Sets the plane's level from everything that is indexed; refuses while a document is unclassified. */
export const finishClassify = defineOperation({
  name: 'knowledge.classify.finish',
  permission: 'write:planes',
  params: z.strictObject(jobParams),
  fence: 'fenced',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,

  async loadFacts(work, { planeId, jobId }) {
    const open = await lockRunningJob(work, planeId, jobId);
    return { ...open, totals: await readTotals(work, planeId) };
  },

  async handle(work, { params: { planeId, jobId }, facts: { plane, job, totals } }) {
    if (totals.unclassified > 0) {
      throw refusal('CLASSIFICATION_FAILED', `${totals.unclassified} documents were not classified`);
    }
    if (totals.documents === 0 && job.kind === 'classify_data') {
      throw refusal('CLASSIFICATION_FAILED', 'the plane holds no indexed documents');
    }
    const level = await setLevel(work, plane, totals);
    const findings = Object.values(totals.findings).reduce((sum, count) => sum + count, 0);
    const counts = { documents: totals.documents, findings };
    const message = `${level}: ${findings} findings in ${totals.documents} documents`;
    await saveStageProgress(work, { planeId, jobId, stage: 'classify', status: 'completed', percentage: 100, message });
    work.audit({
      type: 'StageProgressed',
      outcome: 'success',
      planeId,
      jobId,
      evidence: { stage: 'classify', counts },
    });
    return { level, ...counts };
  },
});

interface Totals {
  readonly documents: number;
  readonly unclassified: number;
  readonly findings: Readonly<Record<string, number>>;
  readonly categories: Readonly<Record<string, number>>;
}

async function readTotals({ tx }: Work, planeId: string): Promise<Totals> {
  const { rows } = await sql<Totals>`
    with shown as (select * from knowledge_documents where plane_id = ${planeId} and indexed_version is not null)
    select
      (select count(*)::int from shown) as documents,
      (select count(*)::int from shown where classified_version is distinct from indexed_version) as unclassified,
      (select coalesce(jsonb_object_agg(kind, n), '{}') from (
        select f.kind, count(*)::int as n from knowledge_findings f
        join shown s on s.document_id = f.document_id and s.indexed_version = f.version
        where f.score >= ${countedScoreMin} group by f.kind) k) as findings,
      (select coalesce(jsonb_object_agg(category, n), '{}') from (
        select c.category, count(*)::int as n from shown, unnest(categories) as c (category)
        group by c.category) c) as categories`.execute(tx);
  return rows[0] ?? { documents: 0, unclassified: 0, findings: {}, categories: {} };
}

// With this commit the documents are shown, so the level must cover them from now on and not from the end of the stage.
async function raiseLevel(work: Work, plane: PlaneRow): Promise<void> {
  const { level } = decideLevel(plane, await readTotals(work, plane.plane_id));
  if (rankOf(level) <= rankOf(plane.sensitivity_level)) return;
  await work.tx
    .updateTable('knowledge_planes')
    .set({ sensitivity_level: level, updated_at: new Date() })
    .where('plane_id', '=', plane.plane_id)
    .execute();
}

function rankOf(level: string | null): number {
  return sensitivityLevels.indexOf(level as SensitivityLevel);
}

function decideLevel(plane: PlaneRow, totals: Totals) {
  const categories = keepCategories(totals.categories, totals.documents);
  const declaredPublic = plane.plane_type === 'public';
  const level = classifySensitivity({ findingCounts: totals.findings, categories, declaredPublic });
  return { level, categories };
}

async function setLevel({ tx }: Work, plane: PlaneRow, totals: Totals): Promise<string> {
  const { level, categories } = decideLevel(plane, totals);
  const metadata = { schema_version: '1.0', findings: totals.findings, categories };
  await tx
    .updateTable('knowledge_planes')
    .set({
      sensitivity_level: level,
      pii_detected: Object.keys(totals.findings).length > 0,
      classification_metadata: sql`${JSON.stringify(metadata)}::jsonb`,
      updated_at: new Date(),
    })
    .where('plane_id', '=', plane.plane_id)
    .execute();
  return level;
}
