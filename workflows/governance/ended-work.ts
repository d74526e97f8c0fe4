import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { ErrorCode, ReasonCode } from '../../contracts/errors';

export interface EndedWork {
  readonly code: string;
  readonly reason: string | undefined;
  readonly message: string;
}

/** What an activity's failure says in our words: the code is its type, the reason stands in its first detail. */
export function readFailure(error: unknown): EndedWork {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const [first] = (cause.details ?? []) as { reason?: string }[];
    return { code: cause.type ?? 'internal_error', reason: first?.reason, message: cause.message };
  }
  if (isCancellation(error))
    return { code: 'action_blocked', reason: 'SWITCH_ENGAGED', message: 'the work was cancelled' };
  const code: ErrorCode = error instanceof ActivityFailure ? 'timeout' : 'internal_error';
  return { code, reason: undefined, message: messageOf(cause ?? error) };
}

export function isKill({ reason }: EndedWork): boolean {
  return reason === ('SWITCH_ENGAGED' satisfies ReasonCode);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
