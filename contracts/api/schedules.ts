import { z } from 'zod';
import { overlapPolicies, scheduleResults } from '../schedules';
import { NullableTime, Time } from './common';

export const SetSchedule = z.strictObject({
  schedule_id: z.string(),
  plane_id: z.string(),
  created: z.boolean(),
  audit_event_id: z.string(),
});

export const EnabledSchedule = z.strictObject({
  schedule_id: z.string(),
  plane_id: z.string(),
  enabled: z.boolean(),
  audit_event_id: z.string(),
});

export const DeletedSchedule = z.strictObject({
  schedule_id: z.string(),
  plane_id: z.string(),
  deleted: z.literal(true),
  audit_event_id: z.string(),
});

export const ScheduleView = z.strictObject({
  schedule_id: z.string(),
  plane_id: z.string(),
  cron: z.string().nullable(),
  interval_seconds: z.int().nullable(),
  timezone: z.literal('UTC'),
  overlap: z.enum(overlapPolicies),
  enabled: z.boolean(),
  /** Whose key bounds what its runs may do. */
  created_by: z.string(),
  created_at: Time,
  updated_at: Time,
  /** Null while the engine cannot say: paused, not yet told, or out of reach. */
  next_run_at: NullableTime,
  /** Turns left out because the last one was at work; null while the engine cannot say. */
  skipped_by_overlap: z.int().nullable(),
  run_count: z.int(),
  last_run_at: NullableTime,
  last_result: z.enum(scheduleResults).nullable(),
  last_reason: z.string().nullable(),
  last_job_id: z.string().nullable(),
});
export type ScheduleView = z.infer<typeof ScheduleView>;
