import { effectOutcomes, type EffectOutcomeWord } from './effects';

/** Where a call stands: `pending` waits for people, `dispatched` may have reached the server. */
export const callStates = ['pending', 'allowed', 'dispatched', 'settled'] as const;
export type CallState = (typeof callStates)[number];

/** `refused` and `killed` never reached the server; of `unknown` nobody can say what the server did. */
export const callOutcomes = effectOutcomes;
export type CallOutcome = EffectOutcomeWord;

export const approvalDecisions = ['approve', 'deny'] as const;
export type ApprovalDecision = (typeof approvalDecisions)[number];

/** How an approval ends: by what people decide, by its time, or because its call does not wait any more. */
export const approvalEnds = [...approvalDecisions, 'expired', 'withdrawn'] as const;
export type ApprovalEnd = (typeof approvalEnds)[number];

export const approvalStatuses = ['pending', 'decided'] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];

export const callLimits = {
  /** How long people may take to decide. */
  approvalMs: 24 * 3_600_000,
  /** Canonical JSON of the arguments, in bytes. */
  argumentBytes: 1024 * 1024,
  /** Encrypted arguments up to here stay with the call when it has ended, for the dry runs of policies. */
  keptBytes: 64 * 1024,
  keptDays: 30,
  /** Results up to here stand in the row of the call; larger ones in the object store. */
  inlineBytes: 64 * 1024,
  /** How often a call of a tool that is marked `retry_safe` is sent, while nobody knows what became of it. */
  attempts: 3,
  /** After this none is sent again, so that its activity ends in time. */
  retryMs: 90_000,
  /** From the dispatch on; a call without an outcome is then `unknown`. */
  deadlineMs: 120_000,
} as const;

/** What the workflow of a call is told. The arguments stay in the row. */
export interface ToolCallInput {
  readonly invocationId: string;
  readonly serverId: string;
  /** Milliseconds until the approval runs out; absent where none is waited for. */
  readonly waitMs?: number;
}

/** How the call stands after a step. */
export interface ToolCallStep {
  readonly state: CallState;
  readonly outcome: CallOutcome | null;
}
