import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import { isErrorCode, type ErrorCode, type ReasonCode } from '../../contracts/errors';

export interface EndedWork {
  readonly code: string;
  readonly reason: string | undefined;
  readonly message: string;
  /** The switch that refused it, where one did. */
  readonly engaged?: EngagedSwitch;
}

export interface EngagedSwitch {
  readonly kind: string;
  readonly switchId: string;
  readonly epoch: number;
}

// A fault without a code of ours may say anything: paths, statements, content. It stays in the history and the worker's log.
const internal: EndedWork = {
  code: 'internal_error' satisfies ErrorCode,
  reason: undefined,
  message: 'something went wrong on our side; the log of the worker has it under the job',
};

/** What an activity's failure says in our words: the code is its type, the reason stands in its first detail. */
export function readFailure(error: unknown): EndedWork {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const [first] = (cause.details ?? []) as FailureDetails[];
    if (!isErrorCode(cause.type)) return internal;
    const ended = { code: cause.type, reason: first?.reason, message: cause.message };
    const engaged = engagedOf(first);
    return engaged === undefined ? ended : { ...ended, engaged };
  }
  if (isCancellation(error))
    return { code: 'action_blocked', reason: 'SWITCH_ENGAGED', message: 'the work was cancelled' };
  if (cause instanceof TimeoutFailure) {
    return {
      code: 'timeout' satisfies ErrorCode,
      reason: undefined,
      message: 'the work took too long, or its worker went away',
    };
  }
  return internal;
}

/** The word under which the end is recorded: that of the stage where it has one, which is more precise than its code. */
export function recordedCode({ code, reason }: EndedWork): string {
  return reason !== undefined && /^[A-Z_]+_(?:FAILED|ERROR)$/.test(reason) ? reason : code;
}

interface FailureDetails {
  readonly reason?: string;
  readonly kind?: string;
  readonly switch_id?: string;
  readonly epoch?: number;
}

function engagedOf({ kind, switch_id: switchId, epoch }: FailureDetails = {}): EngagedSwitch | undefined {
  return kind === undefined || switchId === undefined || epoch === undefined ? undefined : { kind, switchId, epoch };
}

/** The pause switch at which a step must wait, if that is what refused it. */
export function pauseOf({ reason, engaged }: EndedWork): EngagedSwitch | undefined {
  return reason === ('SWITCH_ENGAGED' satisfies ReasonCode) && engaged?.kind === 'pause' ? engaged : undefined;
}

const stopping: readonly ReasonCode[] = ['SWITCH_ENGAGED', 'TENANT_INACTIVE'];

/** Governance stopped the work, by a switch or by suspending its tenant: it may be retried, and did not fail. */
export function isKill({ reason }: EndedWork): boolean {
  return (stopping as readonly (string | undefined)[]).includes(reason);
}
