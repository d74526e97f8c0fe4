import { currentContext } from '../../context';
import type { WorkDocument } from '../../operations/knowledge/work-reads';
import { attemptKey, stepKey } from '../attempt-key';
import { workSignal } from '../work-signal';
import { classifyText, type ClassifiedText } from './classify-text';
import type { JobInput, KnowledgeDependencies } from './dependencies';

const documentsPerBatch = 50;
const findingsPerBatchMax = 5_000;

type Classified = WorkDocument & ClassifiedText;

/** Scans every indexed document whose version, or by today's rules, nobody has looked at yet. What is found is kept without its value. */
export function createClassifyDocuments(dependencies: KnowledgeDependencies) {
  const { dispatch, reads } = dependencies;
  return async function classifyDocuments(job: JobInput): Promise<Record<string, number>> {
    const { tenantId } = currentContext();
    let after = '';
    for (;;) {
      const documents = await reads.listToClassify({ tenantId, planeId: job.planeId, after, limit: documentsPerBatch });
      if (documents.length === 0) break;
      await classifyBatch(dependencies, { job, tenantId, documents });
      after = documents.at(-1)?.documentId ?? '';
    }
    const { level: _level, ...counts } = await dispatch(currentContext(), 'knowledge.classify.finish', {
      params: job,
      idempotencyKey: stepKey('finish'),
    });
    return counts;
  };
}

async function classifyBatch(
  dependencies: KnowledgeDependencies,
  { job, tenantId, documents }: { job: JobInput; tenantId: string; documents: readonly WorkDocument[] },
): Promise<void> {
  let batch: Classified[] = [];
  let findings = 0;
  for (const document of documents) {
    const text = (await dependencies.objects.get(tenantId, document.textKey)).toString('utf8');
    const classified = { ...document, ...(await classifyText(text, { signal: workSignal() })) };
    batch.push(classified);
    findings += classified.findings.length;
    if (findings > findingsPerBatchMax) {
      await commit(dependencies, job, batch);
      batch = [];
      findings = 0;
    }
  }
  if (batch.length > 0) await commit(dependencies, job, batch);
}

async function commit(
  { dispatch, reachBarrier }: KnowledgeDependencies,
  job: JobInput,
  batch: readonly Classified[],
): Promise<void> {
  const documents = batch.map(({ documentId, version, categories, findings }) => ({
    documentId,
    version,
    categories,
    findings,
  }));
  await dispatch(currentContext(), 'knowledge.classify.record_batch', {
    params: { ...job, documents, percentage: 50 },
    idempotencyKey: attemptKey(`batch/${documents[0]?.documentId ?? ''}`),
  });
  reachBarrier('classify.batch-committed');
}
