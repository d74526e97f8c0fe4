import { EngineError } from '../../contracts/errors';
import type { CallEnd } from '../../operations/tools/calls/settle-call';
import { redacted } from '../../operations/tools/redaction/redact';
import { toEngineFault } from '../../operations/transaction/faults';
import { UpstreamFailure } from '../adapters/mcp/port';

/** What is thrown beside the failures that say how far they came. Once the upstream was asked, nobody knows. */
export function failureOf(error: unknown, hasLeft: boolean): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  const fault = toEngineFault(error);
  const message = fault instanceof EngineError ? fault.message : 'something went wrong on our side';
  const isStopped = fault instanceof EngineError && fault.reason === 'SWITCH_ENGAGED';
  return new UpstreamFailure({ problem: isStopped ? 'cancelled' : 'closed', message }, hasLeft ? 'unknown' : 'notSent');
}

interface Sent {
  /** JSONPath into what of the result is not stored. */
  readonly redactions: readonly string[];
  /** An attempt before this one may have reached the server. */
  readonly wasSent: boolean;
}

/** How a call ends by a failure: what it says of the server, and what of its words is kept. */
export function failureEnd(
  { reached, code, problem, message }: UpstreamFailure,
  { wasSent, redactions }: Sent,
): CallEnd {
  // The words of a server are its answer, and no path can look into them.
  const isHidden = reached === 'answered' && redactions.length > 0;
  const told = { reason: code, message: isHidden ? redacted : message.slice(0, 1000) };
  // How an attempt before this one came out is not said by this one's failure.
  if (reached === 'unknown' || wasSent) return { outcome: 'unknown', ...told };
  // Stopped before a byte had left: a switch, or whoever ended the workflow.
  if (reached === 'notSent' && problem === 'cancelled') return { outcome: 'killed', ...told };
  return { outcome: 'failed', ...told };
}
