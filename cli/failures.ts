import type { ErrorCategory } from '../contracts/errors';
import { exitCodes, type ExitCode } from './exit-codes';

/** The `error` object of the failure envelope, as it came over the wire. */
export interface WireError {
  readonly category: ErrorCategory;
  readonly code: string;
  readonly reason?: string;
  readonly message: string;
  readonly retry_after_seconds?: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Ends the command with a sentence of our own and an exit code. */
export class CliFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: ExitCode = exitCodes.failed,
    readonly next?: string,
  ) {
    super(message);
    this.name = 'CliFailure';
  }
}

/** The command was given wrongly; nothing was sent. */
export function usageFailure(message: string, next?: string): CliFailure {
  return new CliFailure(message, exitCodes.usage, next);
}

export interface ApiFailureContext {
  readonly status?: number;
  readonly requestId?: string;
  readonly idempotencyKey?: string;
}

/** The API refused or failed, or could not be reached. */
export class ApiFailure extends Error {
  constructor(
    readonly error: WireError,
    readonly context: ApiFailureContext = {},
  ) {
    super(error.message);
    this.name = 'ApiFailure';
  }

  get exitCode(): ExitCode {
    const { category, code, reason } = this.error;
    if (code === 'authentication_failed') return exitCodes.authentication;
    if (code === 'rate_limit_policy') return exitCodes.tryLater;
    if (category === 'policy') return exitCodes.policy;
    if (category === 'transient' || reason === 'in_progress') return exitCodes.tryLater;
    return code === 'internal_error' ? exitCodes.failed : exitCodes.refused;
  }
}
