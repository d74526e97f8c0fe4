import { exitCodes } from './exit-codes';
import { nextCommand } from './plane-actions';
import { createProgress, stateName, type PlaneLook } from './plane-progress';
import type { Session } from './session';
import { printable } from './text';
import { hasFailed, hasReached, watchPlane } from './watch-plane';

const silent = { show() {}, done() {} };

/** Follows a plane with visible progress, then says where it stands; harm on the way gives exit code 1. */
export async function watchAndShow(
  session: Session,
  { planeId, plane }: { planeId: string; plane: string },
  { until, timeout }: { until?: string; timeout: number },
): Promise<void> {
  const progress = session.json ? silent : createProgress(session.run.stdout, plane);
  const options = { timeoutMs: timeout * 1000, ...(until === undefined ? {} : { until }) };
  const look = await watchPlane(session, planeId, options, progress);
  session.show({ state: look.state, stages: look.stages }, () => summary(plane, look));
  const good = until === undefined ? !hasFailed(look) : hasReached(look, until);
  if (!good) session.end(exitCodes.failed);
}

function summary(plane: string, look: PlaneLook): string {
  const failures = look.stages
    .filter(({ status }) => status === 'failed')
    .map(({ stage, error, message }) => `${printable(stage)} failed: ${printable(error ?? message)}\n`);
  const next = nextCommand(plane, look.state['next_action']);
  return [`${plane} is ${stateName(look)}\n`, ...failures, ...(next === undefined ? [] : [`next: ${next}\n`])].join('');
}
