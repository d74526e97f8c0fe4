import type { PlaneState } from '../contracts/knowledge';
import type { Row } from './api-client';
import { exitCodes } from './exit-codes';
import { ApiFailure, CliFailure } from './failures';
import { stateName, type PlaneLook, type Progress } from './plane-progress';
import type { Session } from './session';

export interface WatchOptions {
  /** Upper-case state name; without it the watch ends where the plane rests. */
  readonly until?: string;
  readonly timeoutMs: number;
}

const pollMs = 500;
// Between two jobs of an onboarding there is a moment without one; only a longer pause is rest.
const settleMs = 3000;
const lostPollsMax = 20;
const terminalStates: readonly string[] = ['FAILED', 'PURGED'] satisfies PlaneState[];
const valueOfActive = 200;

/** Looks at a plane until it rests, ends or reaches a state, and returns the last look. */
export async function watchPlane(
  session: Session,
  planeId: string,
  { until, timeoutMs }: WatchOptions,
  progress: Progress,
): Promise<PlaneLook> {
  const { now, sleep } = session.run;
  const deadline = now() + timeoutMs;
  let restingSince: number | undefined;
  let restingState = '';
  let lostPolls = 0;
  try {
    for (;;) {
      const look = await lookAt(session, planeId).catch((error: unknown) => {
        lostPolls += 1;
        if (!isPassing(error) || lostPolls > lostPollsMax) throw error;
        return undefined;
      });
      if (look !== undefined) {
        lostPolls = 0;
        progress.show(look);
        if (until === undefined ? hasEnded(look) : hasReached(look, until) || isTerminal(look)) return look;
        const state = stateName(look);
        restingSince = isBusy(look) || state !== restingState ? undefined : restingSince;
        restingState = state;
        if (!isBusy(look)) restingSince ??= now();
        const rested = restingSince !== undefined && now() - restingSince >= settleMs;
        if (rested && (until === undefined || hasFailed(look))) return look;
      }
      if (now() >= deadline) throw tooLate(until, timeoutMs);
      await sleep(pollMs);
    }
  } finally {
    progress.done();
  }
}

/** Whether the plane has come to harm: it is FAILED, or its last job failed and waits for a retry. */
export function hasFailed(look: PlaneLook): boolean {
  const retry = look.state['next_action'];
  return (
    stateName(look) === 'FAILED' ||
    (typeof retry === 'string' && retry.startsWith('retry')) ||
    look.stages.some(({ status }) => status === 'failed')
  );
}

/** Whether this state, or a later one on the way to ACTIVE, is reached: a poll may miss a short one. */
export function hasReached(look: PlaneLook, until: string): boolean {
  const wanted = valueByState[until as PlaneState];
  const value = look.state['value'];
  if (stateName(look) === until) return true;
  return wanted !== undefined && typeof value === 'number' && value >= wanted && value <= valueOfActive;
}

const valueByState: Readonly<Partial<Record<PlaneState, number>>> = {
  DRAFT: 100,
  PENDING_VERIFY: 110,
  VERIFIED: 120,
  INGESTING: 130,
  INDEXED: 140,
  CLASSIFIED: 150,
  PENDING_ACTIVATE: 160,
  ACTIVE: 200,
};

/** The states that `--until` takes. */
export const watchableStates: readonly string[] = [
  ...Object.keys(valueByState),
  ...(['PENDING_DEACTIVATE', 'DEACTIVATED', 'ARCHIVED', 'PURGED', 'FAILED'] satisfies PlaneState[]),
];

async function lookAt({ api }: Session, planeId: string): Promise<PlaneLook> {
  const path = `/lifecycle/${encodeURIComponent(planeId)}`;
  const [state, stages] = await Promise.all([api.get(`${path}/state`), api.get(`${path}/stages`)]);
  return { state, stages: Array.isArray(stages['items']) ? (stages['items'] as Row[]) : [] };
}

function isBusy({ state }: PlaneLook): boolean {
  return typeof state['active_job_id'] === 'string' && state['active_job_id'] !== '';
}

function isTerminal(look: PlaneLook): boolean {
  return terminalStates.includes(stateName(look));
}

function hasEnded(look: PlaneLook): boolean {
  return isTerminal(look) || (stateName(look) === 'ACTIVE' && !isBusy(look));
}

function isPassing(error: unknown): boolean {
  return error instanceof ApiFailure && error.error.category === 'transient';
}

function tooLate(until: string | undefined, timeoutMs: number): CliFailure {
  const goal = until === undefined ? 'the plane has not come to rest' : `the plane has not reached ${until}`;
  return new CliFailure(
    `timeout: ${goal} within ${timeoutMs / 1000} s`,
    exitCodes.tryLater,
    'watch again, or give --timeout',
  );
}
