import { currentContext } from '../../context';
import type { JobKind, PlaneState } from '../../contracts/knowledge';
import { stepKey } from '../attempt-key';
import type { JobInput, KnowledgeDependencies } from './dependencies';

interface EndedJob extends JobInput {
  readonly code: string;
  readonly message: string;
}

const messageMax = 2_000;

/** The activities by which a plane's workflow begins and ends its jobs; each is one operation. */
export function createJobActivities({ dispatch }: KnowledgeDependencies) {
  return {
    beginJob: (job: JobInput): Promise<{ kind: JobKind }> =>
      dispatch(currentContext(), 'knowledge.jobs.begin', { params: job, idempotencyKey: stepKey('begin') }),

    /** Returns the state that the plane is in now. */
    completeJob: (job: JobInput & { readonly counts: Record<string, number> }): Promise<{ state: PlaneState }> =>
      dispatch(currentContext(), 'knowledge.jobs.complete', { params: job, idempotencyKey: stepKey('complete') }),

    failJob: async ({ code, message, ...job }: EndedJob): Promise<void> => {
      const params = { ...job, code: code.slice(0, 64), message: message.slice(0, messageMax) };
      await dispatch(currentContext(), 'knowledge.jobs.fail', { params, idempotencyKey: stepKey('fail') });
    },

    recordKilledJob: async ({ code, message, ...job }: EndedJob): Promise<void> => {
      const params = { ...job, code: code.slice(0, 64), message: message.slice(0, messageMax) };
      await dispatch(currentContext(), 'knowledge.jobs.record_kill', { params, idempotencyKey: stepKey('kill') });
    },
  };
}
