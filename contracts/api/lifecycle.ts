import { z } from 'zod';
import { jobKinds, jobStatuses, planeStates, stageNames } from '../knowledge';
import { text } from '../text';
import { EventTypeName } from './audit';
import { NullableTime, PageQuery, Time } from './common';
import { PlaneBandName, PlaneFlags } from './knowledge';

export const TransitionBody = z.strictObject({
  action: text(64).optional(),
  target: text(64).optional(),
  reason: text(1000).optional(),
});

export const TransitionResult = z.strictObject({
  plane_id: z.string(),
  from_state: z.enum(planeStates),
  to_state: z.enum(planeStates),
  action: z.string(),
  gate_result: z.string(),
  job_id: z.string().nullable(),
  audit_event_id: z.string(),
  reason: z.string().nullable(),
});

export const PlaneStateView = z.strictObject({
  plane_id: z.string(),
  state: z.enum(planeStates),
  value: z.int(),
  band: PlaneBandName,
  flags: PlaneFlags,
  bound_policies: z.array(z.string()),
  active_job_id: z.string().nullable(),
  active_job: z
    .strictObject({
      job_id: z.string(),
      kind: z.enum(jobKinds),
      status: z.enum(jobStatuses),
      attempt: z.int(),
    })
    .nullable(),
  next_action: z.string().nullable(),
  status_reason: z.string().nullable(),
  /** The job that ended last. */
  last_job: z
    .strictObject({
      job_id: z.string(),
      kind: z.enum(jobKinds),
      status: z.enum(jobStatuses),
      error_code: z.string().nullable(),
      error_message: z.string().nullable(),
    })
    .nullable(),
});
export type PlaneStateView = z.infer<typeof PlaneStateView>;

export const StageView = z.strictObject({
  stage: z.enum(stageNames),
  status: z.enum(['not_started', 'queued', 'running', 'completed', 'failed', 'skipped', 'recovering']),
  percentage: z.number(),
  attempts: z.int(),
  started_at: NullableTime,
  completed_at: NullableTime,
  duration_ms: z.int().nullable(),
  message: z.string().nullable(),
  error: z.string().nullable(),
  job_id: z.string().nullable(),
  eta_seconds: z.int().nullable(),
});
export type StageView = z.infer<typeof StageView>;

export const LifecycleAuditQuery = PageQuery.extend({ event_type: EventTypeName.optional() });

export const LifecycleEventView = z.strictObject({
  event_id: z.string(),
  event_type: z.string(),
  plane_id: z.string(),
  tenant_id: z.string(),
  timestamp: Time,
  actor_id: z.string().nullable(),
  actor_type: z.string(),
  outcome: z.string(),
  from_state: z.string().nullable(),
  to_state: z.string().nullable(),
  action: z.string(),
  gate_result: z.string().nullable(),
  reason: z.string().nullable(),
  job_id: z.string().nullable(),
  request_id: z.string().nullable(),
  error_code: z.string().nullable(),
  integrity_hash: z.string(),
});
export type LifecycleEventView = z.infer<typeof LifecycleEventView>;
