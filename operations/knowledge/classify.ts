import { sql } from 'kysely';
import { z } from 'zod';
import { countedScoreMin, personalDataKinds, rulesVersion, type KindFindings } from '../../contracts/classification';
import { refusal } from '../../contracts/errors';
import { DocumentId, JobId, PlaneId, Sha256 } from '../../contracts/knowledge-schemas';
import { defineOperation } from '../define';
import { raiseLevel, readTotals, settleLevel } from './classification';
import { lockRunningJob, stateOf } from './rows';
import { saveStageProgress } from './stage-progress';

const jobParams = { planeId: PlaneId, jobId: JobId };

const Finding = z.strictObject({
  kind: z.enum(personalDataKinds),
  start: z.int().min(0),
  end: z.int().min(0),
  score: z.number().min(0).max(1),
  rule: z.string().max(64),
  version: z.string().max(32),
});
type Finding = z.infer<typeof Finding>;

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
  capability: 'lifecycle.classify',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,
  loadFacts: (work, { planeId, jobId }) => lockRunningJob(work, planeId, jobId),

  async handle(work, { params: { planeId, jobId, documents, percentage }, facts: { plane } }) {
    const json = JSON.stringify(documents.map((document) => ({ ...document, counts: sumByKind(document.findings) })));
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
      update knowledge_documents k set classified_version = d->>'version', updated_at = now(), classified_at = now(),
        rules_version = ${rulesVersion}, finding_counts = d->'counts',
        categories = array(select jsonb_array_elements_text(d->'categories'))
      from jsonb_array_elements(${json}::jsonb) d
      where k.plane_id = ${planeId} and k.document_id = d->>'documentId'`.execute(work.tx);
    if (stateOf(plane) === 'ACTIVE') await raiseLevel(work, { plane, jobId });
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

function sumByKind(findings: readonly Finding[]): Record<string, KindFindings> {
  const sums: Record<string, KindFindings> = {};
  for (const { kind, score } of findings) {
    const sum = sums[kind] ?? { findings: 0, counted: 0, score_min: score, score_max: score };
    sums[kind] = {
      findings: sum.findings + 1,
      counted: sum.counted + Number(score >= countedScoreMin),
      score_min: Math.min(sum.score_min, score),
      score_max: Math.max(sum.score_max, score),
    };
  }
  return sums;
}

/** Sets the plane's level from everything that is indexed; refuses while a document is not looked at by today's rules. */
export const finishClassify = defineOperation({
  name: 'knowledge.classify.finish',
  permission: 'write:planes',
  params: z.strictObject(jobParams),
  fence: 'fenced',
  capability: 'lifecycle.classify',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  job: ({ jobId }) => jobId,

  async loadFacts(work, { planeId, jobId }) {
    const open = await lockRunningJob(work, planeId, jobId);
    return { ...open, totals: await readTotals(work, planeId) };
  },

  async handle(work, { params: { planeId, jobId }, facts: { plane, job, totals } }) {
    if (totals.outdated > 0) {
      throw refusal('CLASSIFICATION_FAILED', `${totals.outdated} documents were not classified`);
    }
    if (totals.documents === 0 && job.kind === 'classify_data') {
      throw refusal('CLASSIFICATION_FAILED', 'the plane holds no indexed documents');
    }
    const { level, ...counts } = await settleLevel(work, { plane, jobId, totals });
    const message = `${level}: ${counts.findings} findings in ${counts.documents} documents`;
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
