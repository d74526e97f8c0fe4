import { z } from 'zod';
import { text } from '../text';
import { approvalDecisions, approvalEnds, approvalStatuses, callOutcomes, callStates } from '../tool-calls';
import { ApprovalId } from '../tool-call-schemas';
import { riskLevels } from '../tools';
import { NullableTime, PageQuery, Time } from './common';

export const ApprovalQuery = PageQuery.extend({ status: z.enum(approvalStatuses).optional() });
export const ApprovalPath = z.strictObject({ approval_id: ApprovalId });
export const DecideBody = z.strictObject({
  decision: z.enum(approvalDecisions),
  /** Kept with the vote, and in the audit. */
  reason: text(1000),
});

const Vote = z.strictObject({
  decided_by: z.string(),
  decision: z.enum(approvalDecisions),
  reason: z.string(),
  decided_at: Time,
});

export const ApprovalView = z.strictObject({
  approval_id: z.string(),
  invocation_id: z.string(),
  server_id: z.string(),
  server_name: z.string(),
  tool_id: z.string(),
  tool_name: z.string(),
  /** As the tool is rated now. */
  risk_level: z.enum(riskLevels),
  status: z.enum(approvalStatuses),
  decision: z.enum(approvalEnds).nullable(),
  /** Why people are asked. */
  reason: z.string(),
  /** The arguments, with values under telling names replaced. */
  input_preview: z.string().nullable(),
  /** What the approval is bound to: SHA-256 of the arguments and of the tool's definition. */
  input_hash: z.string(),
  definition_hash: z.string(),
  policy_snapshot_id: z.string().nullable(),
  requested_by: z.string(),
  requested_at: Time,
  expires_at: Time,
  /** People that must approve, each another one; one denial is enough. */
  approvers_needed: z.int(),
  votes: z.array(Vote),
  decided_at: NullableTime,
  /** When the call went out on it; it counts once. */
  used_at: NullableTime,
  call_state: z.enum(callStates),
  call_outcome: z.enum(callOutcomes).nullable(),
});
export type ApprovalView = z.infer<typeof ApprovalView>;

export const DecidedApproval = z.strictObject({
  approval_id: z.string(),
  invocation_id: z.string(),
  /** Null while more people have to approve. */
  decision: z.enum(approvalDecisions).nullable(),
  approvals: z.int(),
  approvers_needed: z.int(),
  audit_event_id: z.string(),
});
