import { z } from 'zod';
import { planeStates, stageNames } from '../knowledge';
import { StreamPositionText } from '../stream-position';
import { NullableTime } from './common';
import { LifecycleEventView, PlaneStateView, StageView } from './lifecycle';

export const EventStreamQuery = z.strictObject({
  /** For clients that cannot set the header Last-Event-ID, which counts more. */
  last_event_id: StreamPositionText.optional(),
});

/** Something that happened to a plane, and was committed; without who did it, which not every follower may know. */
export const FollowedEventView = LifecycleEventView.omit({
  tenant_id: true,
  actor_id: true,
  actor_type: true,
  request_id: true,
  integrity_hash: true,
}).extend({ job_kind: z.string().nullable(), error_message: z.string().nullable() });
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
