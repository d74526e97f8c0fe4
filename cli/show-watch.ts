import { exitCodes } from './exit-codes';
import { nextCommand } from './plane-actions';
import { createLines, stateName, type PlaneLook, type Progress } from './plane-progress';
import { createBars } from './progress-bars';
import type { Session } from './session';
import { printable } from './text';
import { hasFailed, hasReached, watchPlane } from './watch-plane';

/** Follows a plane with visible progress, then says where it stands; harm on the way gives exit code 1. */
export async function watchAndShow(
  session: Session,
  { planeId, plane }: { planeId: string; plane: string },
  { until, timeout }: { until?: string; timeout: number },
): Promise<void> {
  const { stdout } = session.run;
  const progress = session.json
    ? jsonLines(session)
    : stdout.isTTY
      ? createBars(stdout, plane)
      : createLines(stdout, plane);
  const options = { timeoutMs: timeout * 1000, ...(until === undefined ? {} : { until }) };
  const watched = watchPlane(session, planeId, options, progress.show);
  const look = await watched.finally(progress.done);
  if (!session.json) stdout.write(summary(plane, look));
  const good = until === undefined ? !hasFailed(look) : hasReached(look, until);
  if (!good) session.end(exitCodes.failed);
}

/** One line of JSON for each event, as scripts read it. */
function jsonLines({ run }: Session): Progress {
  return { show: (event) => run.stdout.write(`${JSON.stringify(event)}\n`), done() {} };
}

function summary(plane: string, look: PlaneLook): string {
  const failures = look.stages
    .filter(({ status }) => status === 'failed')
    .map(({ stage, error, message }) => `${printable(stage)} failed: ${printable(error ?? message)}\n`);
  const next = nextCommand(plane, look.state['next_action']);
  return [`${plane} is ${stateName(look)}\n`, ...failures, ...(next === undefined ? [] : [`next: ${next}\n`])].join('');
}
