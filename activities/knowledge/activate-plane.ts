import { currentContext } from '../../context';
import { stepKey } from '../attempt-key';
import type { JobInput, KnowledgeDependencies } from './dependencies';

/** Opens the plane's endpoint and leaves the evidence of how it is governed, in one operation. */
export function createActivatePlane({ dispatch, reachBarrier }: KnowledgeDependencies) {
  return async function activatePlane(job: JobInput): Promise<Record<string, number>> {
    await dispatch(currentContext(), 'knowledge.activate.open_endpoint', {
      params: job,
      idempotencyKey: stepKey('activate'),
    });
    reachBarrier('activate.endpoint-opened');
    return {};
  };
}
