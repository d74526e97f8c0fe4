import { z } from 'zod';
import { effectResolutions } from '../effects';
import { InvocationId } from '../tool-call-schemas';
import { callOutcomes, callStates } from '../tool-calls';
import { ServerId } from '../tool-schemas';
import { toolDecisions } from '../tools';
import { ApprovalView } from './approvals';
import { NullableTime, Time } from './common';
import { EffectView } from './effects';

export const InvocationsPath = z.strictObject({ server_id: ServerId });
export const InvocationPath = z.strictObject({ server_id: ServerId, invocation_id: InvocationId });
export type InvocationPath = z.infer<typeof InvocationPath>;

export const InvocationQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().min(1).max(2048).optional(),
});

const policyDecisions = ['allowed', 'blocked', 'flagged', 'pending'] as const;

/** One row of evidence: how a call came out, or what was found out about it later. */
export const EvidenceRow = z.strictObject({
  outcome: z.enum(callOutcomes),
  /** False for what was said after an unknown outcome. */
  first: z.boolean(),
  resolved_by: z.string().nullable(),
  policy_decision: z.enum(policyDecisions),
  policy_reason: z.string().nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  output_hash: z.string().nullable(),
  duration_ms: z.int().nullable(),
  integrity_hash: z.string(),
  recorded_at: Time,
});
export type EvidenceRow = z.infer<typeof EvidenceRow>;

/** A call by its evidence; neither its arguments nor its result. */
export const InvocationView = z.strictObject({
  invocation_id: z.string(),
  server_id: z.string(),
  tool_id: z.string().nullable(),
  tool_name: z.string(),
  outcome: z.enum(callOutcomes),
  policy_decision: z.enum(policyDecisions),
  policy_id: z.string().nullable(),
  policy_snapshot_id: z.string().nullable(),
  policy_reason: z.string().nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  actor_id: z.string().nullable(),
  actor_type: z.string(),
  run_id: z.string().nullable(),
  trace_id: z.string().nullable(),
  input_hash: z.string(),
  output_hash: z.string().nullable(),
  definition_hash: z.string().nullable(),
  integrity_hash: z.string(),
  duration_ms: z.int().nullable(),
  invoked_at: Time,
  completed_at: NullableTime,
  /** What was found out about an unknown outcome. */
  resolution: z
    .strictObject({
      outcome: z.enum(callOutcomes),
      resolved_by: z.string(),
      reason: z.string().nullable(),
      resolved_at: Time,
    })
    .nullable(),
});
export type InvocationView = z.infer<typeof InvocationView>;

const Note = z.strictObject({ policy_id: z.string(), effect: z.enum(toolDecisions), failure: z.string().nullable() });

/** A call as it stands, with all that is on record of it but its arguments and its result. */
export const CallRecordView = z.strictObject({
  invocation_id: z.string(),
  server_id: z.string(),
  server_name: z.string(),
  tool_id: z.string().nullable(),
  tool_name: z.string(),
  state: z.enum(callStates),
  outcome: z.enum(callOutcomes).nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  actor_id: z.string().nullable(),
  actor_type: z.string(),
  run_id: z.string().nullable(),
  input_hash: z.string(),
  input_preview: z.string().nullable(),
  definition_hash: z.string().nullable(),
  requested_at: Time,
  settled_at: NullableTime,
  /** What was decided when the call was taken on; null for one that was not. */
  decision: z
    .strictObject({
      decision: z.enum(toolDecisions),
      message: z.string(),
      policy_id: z.string().nullable(),
      warnings: z.array(Note),
      shadow: z.array(Note),
      policy_snapshot_id: z.string().nullable(),
      /** Under which it was decided again when it was sent. */
      policy_snapshot_at_start: z.string().nullable(),
    })
    .nullable(),
  approval: ApprovalView.nullable(),
  /** Null for a call that was never sent. */
  effect: EffectView.nullable(),
  /** Of the attempts before the last, for a tool that may be sent again. */
  earlier_effects: z.array(EffectView),
  evidence: z.array(EvidenceRow),
});
export type CallRecordView = z.infer<typeof CallRecordView>;

export const InvocationResolutionView = z.strictObject({
  invocation_id: z.string(),
  intent_id: z.string(),
  outcome: z.enum(effectResolutions),
  reason: z.string(),
  resolved_by: z.string(),
});

export const WithdrawnCall = z.strictObject({ invocation_id: z.string(), outcome: z.literal('refused') });
