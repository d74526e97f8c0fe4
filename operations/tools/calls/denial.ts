import { refusal, type EngineError, type ReasonCode } from '../../../contracts/errors';
import type { DenyReason } from '../../../contracts/tools';
import type { ToolDecision } from '../policy/decide';
import type { CalledTool } from './called-tool';
import { redactionsFor } from './decide-call';

const reasons = {
  unknown_tool: 'unknown_tool',
  tool_disabled: 'tool_disabled',
  tool_definition_changed: 'tool_definition_changed',
  dangerous_tool_not_allowed: 'dangerous_tool_not_allowed',
  policy_violation: 'POLICY_DENIED',
  tenant_blocked: 'tenant_blocked',
  rate_limited: 'RATE_LIMIT_EXCEEDED',
  server_offline: 'server_offline',
  approval_denied: 'approval_denied',
  approval_expired: 'approval_expired',
} as const satisfies Record<DenyReason, ReasonCode>;

/** Reasons that a refused call has when it was decided against by rules, and not by people. */
export const decidedReasons: ReadonlySet<string> = new Set(
  Object.values(reasons).filter((reason) => reason !== reasons.approval_denied && reason !== reasons.approval_expired),
);

type Decided = Pick<CalledTool, 'server_id' | 'tool_name' | 'snapshot_id'>;

/** A decision against the call of a tool. */
export function denialOfCall(decision: ToolDecision, tool: CalledTool): EngineError {
  const { warnings, shadow } = decision;
  return withNotes(denial(decision, tool), { warnings, shadow, hidden: redactionsFor(tool).input });
}

/** A decision against a call or a bound, as whoever asked is told it. */
export function denial(decision: ToolDecision, tool: Decided): EngineError {
  const { reason = 'policy_violation', message, policyId } = decision;
  return refusal(reasons[reason], message, {
    details: {
      deny_reason: reason,
      server_id: tool.server_id,
      tool_name: tool.tool_name,
      ...(policyId !== undefined && { policy_id: policyId }),
      ...(tool.snapshot_id !== null && { policy_snapshot_id: tool.snapshot_id }),
    },
  });
}

interface Notes extends Pick<ToolDecision, 'warnings' | 'shadow'> {
  /** JSONPath into the arguments: what is not stored of them. */
  readonly hidden: readonly string[];
}

const noNotes: Notes = { warnings: [], shadow: [], hidden: [] };
// For the record, and not for whoever called: what is only tried is not told.
const notes = new WeakMap<object, Notes>();

export function withNotes(error: EngineError, noted: Partial<Notes>): EngineError {
  notes.set(error, { ...noNotes, ...noted });
  return error;
}

/** What policies said beside a refusal. */
export function notesOf(error: unknown): Notes {
  const found = typeof error === 'object' && error !== null ? notes.get(error) : undefined;
  if (found !== undefined) return found;
  return error instanceof Error && error.cause !== undefined ? notesOf(error.cause) : noNotes;
}
