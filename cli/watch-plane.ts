import type { PlaneState } from '../contracts/knowledge';
import { followEvents, type ApiEvent } from './event-stream';
import { exitCodes } from './exit-codes';
import { CliFailure } from './failures';
import { stateName, toLook, type PlaneLook } from './plane-progress';
import type { Session } from './session';
import { printable } from './text';

export interface WatchOptions {
  /** Upper-case state name; without it the watch ends where the plane rests. */
  readonly until?: string;
  readonly timeoutMs: number;
}

const terminalStates: readonly string[] = ['FAILED', 'PURGED'] satisfies PlaneState[];
const valueOfActive = 200;

/** Follows a plane until it rests, ends or reaches a state, and returns how it then stood. */
export async function watchPlane(
  session: Session,
  planeId: string,
  { until, timeoutMs }: WatchOptions,
  tell: (event: ApiEvent) => void,
): Promise<PlaneLook> {
  const path = `/lifecycle/${encodeURIComponent(planeId)}/events`;
  const signal = AbortSignal.timeout(timeoutMs);
  const { sleep } = session.run;
  try {
    for await (const event of followEvents(session.api, { path, signal, sleep })) {
      tell(event);
      if (event.event === 'end') throw endFailure(event);
      const look = toLook(event);
      if (look !== undefined && isOver(look, until)) return look;
    }
  } catch (error) {
    throw signal.aborted ? tooLate(until, timeoutMs) : error;
  }
  throw new CliFailure('the stream of events has ended');
}

// The next job of an onboarding begins in the transaction that ends the one before: without a job, the plane rests.
function isOver(look: PlaneLook, until: string | undefined): boolean {
  if (isTerminal(look)) return true;
  if (until !== undefined && hasReached(look, until)) return true;
  return !isBusy(look) && (until === undefined || hasFailed(look));
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

/** Whether this state, or a later one on the way to ACTIVE, is reached: a picture may miss a short one. */
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

function isBusy({ state }: PlaneLook): boolean {
  return typeof state['active_job_id'] === 'string' && state['active_job_id'] !== '';
}

function isTerminal(look: PlaneLook): boolean {
  return terminalStates.includes(stateName(look));
}

function endFailure({ data }: ApiEvent): CliFailure {
  const exitCode = data['code'] === 'authentication_failed' ? exitCodes.authentication : exitCodes.refused;
  return new CliFailure(`the stream of events was ended: ${printable(data['message'])}`, exitCode);
}

function tooLate(until: string | undefined, timeoutMs: number): CliFailure {
  const goal = until === undefined ? 'the plane has not come to rest' : `the plane has not reached ${until}`;
  return new CliFailure(
    `timeout: ${goal} within ${timeoutMs / 1000} s`,
    exitCodes.tryLater,
    'watch again, or give --timeout',
  );
}
