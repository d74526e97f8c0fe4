import { z } from 'zod';
import { enforcementModes, PolicyConditions, policyStates } from '../policies';
import { identifier, text } from '../text';
import { Moment, NullableTime, Time } from './common';

export const PolicyPath = z.strictObject({ policy_id: identifier });
export const SnapshotPath = z.strictObject({ snapshot_id: identifier });

export const PolicyView = z.strictObject({
  policy_id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  enforcement_mode: z.enum(enforcementModes),
  conditions: PolicyConditions,
  status: z.enum(policyStates),
  source: z.string(),
  created_by: z.string(),
  created_at: Time,
  updated_at: Time,
  retirement_reason: z.string().nullable(),
  retired_by: z.string().nullable(),
  retired_at: NullableTime,
});
export type PolicyView = z.infer<typeof PolicyView>;

export const PolicyLifecycleBody = z.strictObject({ target: text(32), reason: text(1000) });
export const PolicyLifecycleResult = z.strictObject({
  policy_id: z.string(),
  from_state: z.enum(policyStates),
  to_state: z.enum(policyStates),
  status: z.enum(policyStates),
  reason: z.string(),
  audit_event_id: z.string(),
  policy_snapshot_id: z.string(),
});

export const SnapshotView = z.strictObject({
  snapshot_id: z.string(),
  version: z.int(),
  status: z.enum(['active', 'superseded', 'archived', 'invalid']),
  content_hash: z.string(),
  threshold_snapshot_hash: z.string(),
  policy_count: z.int(),
  created_by: z.string(),
  created_at: Time,
});
export type SnapshotView = z.infer<typeof SnapshotView>;

/** The sealed texts are exactly what content_hash covers; null for callers who may not manage policies. */
export const SnapshotDetail = SnapshotView.extend({
  policies_json: z.string().nullable(),
  thresholds_json: z.string().nullable(),
});

export const ShadowQuery = z.strictObject({ since: Moment.optional(), until: Moment.optional() });

/** What a policy in WARN or AUDIT said of calls that were taken on, and that it did not decide about. */
export const ShadowView = z.strictObject({
  policy_id: z.string(),
  since: Time,
  until: Time,
  /** Calls of the period that were looked at, the newest first. */
  calls: z.int(),
  /** There are more than are looked at. */
  truncated: z.boolean(),
  /** Calls of which it said so; one may count in several. */
  would: z.strictObject({ allow: z.int(), deny: z.int(), require_approval: z.int() }),
  /** Calls of which a rule could not be evaluated; it counts as one that would deny. */
  failed: z.int(),
});
export type ShadowView = z.infer<typeof ShadowView>;
