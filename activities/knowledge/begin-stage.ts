import { currentContext } from '../../context';
import type { StageName } from '../../contracts/knowledge';
import { attemptKey } from '../attempt-key';
import type { JobInput, KnowledgeDependencies } from './dependencies';

type StageWork = (job: JobInput) => Promise<Record<string, number>>;

/** Puts the gate before a stage's work: an engaged stop or pause refuses it there, and not in the middle. */
export function createStages({ dispatch }: Pick<KnowledgeDependencies, 'dispatch'>) {
  return (stage: StageName, work: StageWork): StageWork =>
    async ({ planeId, jobId }) => {
      await dispatch(currentContext(), 'knowledge.jobs.begin_stage', {
        params: { planeId, jobId, stage },
        idempotencyKey: attemptKey('begin-stage'),
      });
      return work({ planeId, jobId });
    };
}
