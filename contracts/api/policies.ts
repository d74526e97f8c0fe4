import { z } from 'zod';
import { enforcementModes, PolicyConditions, policyStates } from '../policies';
import { identifier, text } from '../text';
import { NullableTime, Time } from './common';

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
