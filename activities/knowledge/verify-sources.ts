import { currentContext } from '../../context';
import type { SourceType } from '../../contracts/knowledge';
import { refusal } from '../../contracts/errors';
import type { SourceReader, SourceRef } from '../adapters/source-reader/port';
import type { WorkSource } from '../../operations/knowledge/work-reads';
import { stepKey } from '../attempt-key';
import { workSignal } from '../work-signal';
import type { JobInput, KnowledgeDependencies } from './dependencies';

/** Asks every source of the plane whether it can be read, and records that all could. */
export function createVerifySources(dependencies: KnowledgeDependencies) {
  const { dispatch, reads, sourceReaders, reachBarrier } = dependencies;
  return async function verifySources({ planeId, jobId }: JobInput): Promise<Record<string, number>> {
    const context = currentContext();
    const sources = await reads.listSources(context.tenantId, planeId);
    for (const source of sources) {
      const ref = toSourceRef({ tenantId: context.tenantId, planeId, source });
      await readerOf(sourceReaders, source).check(ref, { signal: workSignal() });
    }
    const counts = { sources: sources.length };
    reachBarrier('verify.before-finish');
    await dispatch(context, 'knowledge.verify.finish', {
      params: { planeId, jobId, counts },
      idempotencyKey: stepKey('verify'),
    });
    return counts;
  };
}

export function toSourceRef({
  tenantId,
  planeId,
  source: { sourceId, config },
}: {
  readonly tenantId: string;
  readonly planeId: string;
  readonly source: WorkSource;
}): SourceRef {
  return { tenantId, planeId, sourceId, config };
}

export function readerOf(
  readers: Readonly<Record<SourceType, SourceReader>>,
  { sourceType }: WorkSource,
): SourceReader {
  const reader = (readers as Readonly<Record<string, SourceReader | undefined>>)[sourceType];
  if (reader === undefined) throw refusal('CONNECTOR_NOT_FOUND', `this server reads no ${sourceType} sources`);
  return reader;
}
