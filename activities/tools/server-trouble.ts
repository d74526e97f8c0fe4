import { EngineError, errorRules } from '../../contracts/errors';
import { UpstreamFailure, type Problem } from '../adapters/mcp/port';
import { workSignal } from '../work-signal';

export interface ServerTrouble {
  readonly code: string;
  readonly message: string;
}

// These lie with us: the server was asked nothing, or its answer was not waited for.
const ours: ReadonlySet<Problem> = new Set(['circuit_open', 'pool_full', 'closed', 'cancelled']);

const messageMax = 1_000;

/**
 * What an error says of the server that was asked. Throws it again when it says nothing of it: the work was stopped, a
 * switch refused it, or something of ours is away.
 */
export function troubleOf(error: unknown): ServerTrouble {
  workSignal().throwIfAborted();
  if (!(error instanceof EngineError)) throw error;
  const isTheirs =
    error instanceof UpstreamFailure
      ? !ours.has(error.problem)
      : errorRules[error.code].category === 'permanent' && error.code !== 'internal_error';
  if (!isTheirs) throw error;
  return wordsOf(error);
}

export function wordsOf({ code, message }: EngineError): ServerTrouble {
  return { code, message: message.trim().slice(0, messageMax) };
}

/** Whether an error only says that the server is not asked at this moment. */
export function isUnasked(error: unknown): error is UpstreamFailure {
  return error instanceof UpstreamFailure && (error.problem === 'circuit_open' || error.problem === 'pool_full');
}
