import { z } from 'zod';
import { planeStates, stageNames } from '../knowledge';
import { StreamPositionText } from '../stream-position';
import { NullableTime, Time } from './common';
import { PlaneStateView, StageView } from './lifecycle';

export const EventStreamQuery = z.strictObject({
  /** For clients that cannot set the header Last-Event-ID, which counts more. */
  last_event_id: StreamPositionText.optional(),
});

/** Something that happened to a plane, and was committed. */
export const FollowedEventView = z.strictObject({
  event_id: z.string(),
  event_type: z.string(),
  plane_id: z.string(),
  timestamp: Time,
  outcome: z.string(),
  from_state: z.string().nullable(),
  to_state: z.string().nullable(),
  action: z.string(),
  gate_result: z.string().nullable(),
  reason: z.string().nullable(),
  job_id: z.string().nullable(),
  job_kind: z.string().nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
});
export type FollowedEventView = z.infer<typeof FollowedEventView>;

/** Where a plane and its stages stand. */
export const ProgressView = z.strictObject({
  plane_id: z.string(),
  tenant_id: z.string(),
  /** The latest transition. */
  transition_id: z.string().nullable(),
  from_state: z.enum(planeStates).nullable(),
  to_state: z.enum(planeStates).nullable(),
  total_stages: z.int(),
  completed_stages: z.int(),
  current_stage: z.enum(stageNames).nullable(),
  overall_percentage: z.int(),
  estimated_completion: NullableTime,
  error: z.string().nullable(),
  stages: z.array(StageView.extend({ retry_count: z.int() })),
  state: PlaneStateView,
});
export type ProgressView = z.infer<typeof ProgressView>;

/** Why a stream ends for good; a client that comes back will not fare better. */
export const StreamEndView = z.strictObject({ code: z.string(), message: z.string() });
