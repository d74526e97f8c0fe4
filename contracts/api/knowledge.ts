import { z } from 'zod';
import { documentStatuses, planeStates, sensitivityLevels } from '../knowledge';
import { DocumentId, PlaneId } from '../knowledge-schemas';
import { identifier } from '../text';
import { NullableTime, PageQuery, Time } from './common';

export const PlanePath = z.strictObject({ plane_id: PlaneId });
export const DocumentPath = PlanePath.extend({ document_id: DocumentId });

export const PlaneFlags = z.strictObject({
  allows_queries: z.boolean(),
  allows_policy_binding: z.boolean(),
  allows_new_runs: z.boolean(),
  allows_modifications: z.boolean(),
  is_onboarding: z.boolean(),
  is_operational: z.boolean(),
  is_offboarding: z.boolean(),
  is_terminal: z.boolean(),
});
export type PlaneFlags = z.infer<typeof PlaneFlags>;

export const PlaneBandName = z.enum(['onboarding', 'operational', 'offboarding', 'terminal']);

export const SourceView = z.strictObject({
  source_id: z.string(),
  source_type: z.string(),
  name: z.string(),
  config: z.record(z.string(), z.unknown()),
  status: z.string(),
  document_count: z.int(),
  last_ingested_at: NullableTime,
  last_error: z.string().nullable(),
});
export type SourceView = z.infer<typeof SourceView>;

export const PlaneView = z.strictObject({
  plane_id: z.string(),
  tenant_id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  plane_type: z.string(),
  state: z.enum(planeStates),
  state_value: z.int(),
  band: PlaneBandName,
  flags: PlaneFlags,
  sensitivity_level: z.enum(sensitivityLevels).nullable(),
  pii_detected: z.boolean(),
  document_count: z.int(),
  chunk_count: z.int(),
  total_bytes: z.int(),
  active_job_id: z.string().nullable(),
  next_action: z.string().nullable(),
  status_reason: z.string().nullable(),
  bound_policies: z.array(z.string()),
  sources: z.array(SourceView),
  embedding_model: z.string().nullable(),
  endpoint: z.record(z.string(), z.unknown()).nullable(),
  onboard: z.boolean(),
  unreadable_tolerance: z.number(),
  created_by: z.string(),
  created_at: Time,
  updated_at: Time,
});
export type PlaneView = z.infer<typeof PlaneView>;

export const BindBody = z.strictObject({ policy_id: identifier });
export const BindingChange = z.strictObject({
  plane_id: z.string(),
  policy_id: z.string(),
  audit_event_id: z.string(),
  policy_snapshot_id: z.string().nullable(),
  plane: PlaneView,
});

export const DocumentsQuery = PageQuery.extend({ status: z.enum(documentStatuses).optional() });

export const DocumentView = z.strictObject({
  document_id: z.string(),
  source_id: z.string(),
  name: z.string(),
  status: z.enum(documentStatuses),
  version: z.string().nullable(),
  bytes: z.int(),
  format: z.string().nullable(),
  dead_letter: z.strictObject({ code: z.string(), reason: z.string() }).nullable(),
  /** Why the last reading brought nothing; the version is then that of an earlier one. */
  read_error: z.string().nullable(),
  chunk_count: z.int(),
  indexed_version: z.string().nullable(),
  created_at: Time,
  updated_at: Time,
});
export type DocumentView = z.infer<typeof DocumentView>;

/** Where something was found, never what it is. */
export const FindingView = z.strictObject({
  kind: z.string(),
  document_id: z.string(),
  version: z.string(),
  start: z.int(),
  end: z.int(),
  score: z.number(),
  rule: z.string(),
  rule_version: z.string(),
});
export type FindingView = z.infer<typeof FindingView>;

export const UploadResult = z.strictObject({
  accepted: z.array(z.strictObject({ document_id: z.string(), name: z.string(), version: z.string() })),
  rejected: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  job_id: z.string().nullable(),
});

export const DocumentDeletion = z.strictObject({
  document_id: z.string(),
  job_id: z.string().nullable(),
  audit_event_id: z.string(),
});
