import { z } from 'zod';
import { limitedSubjects } from '../rate-limits';
import { identifier, text } from '../text';
import { NullableTime } from './common';

export const requestsMax = 1_000_000_000;
export const secondsMax = 86_400;

export const LimitPath = z.strictObject({ subject_type: z.enum(limitedSubjects), subject_id: identifier });

export const LimitBody = z.strictObject({
  subject_type: z.enum(limitedSubjects),
  subject_id: identifier,
  requests: z.int().min(1).max(requestsMax),
  seconds: z.int().min(1).max(secondsMax).default(60),
  reason: text(1000),
});

export const LimitView = z.strictObject({
  subject_type: z.enum(limitedSubjects),
  subject_id: z.string(),
  tenant_id: z.string(),
  requests: z.int(),
  seconds: z.int(),
  source: z.enum(['default', 'override']),
  reason: z.string().nullable(),
  set_by: z.string().nullable(),
  set_at: NullableTime,
});
export type LimitView = z.infer<typeof LimitView>;

export const ChangedLimit = z.strictObject({
  subject_type: z.enum(limitedSubjects),
  subject_id: z.string(),
  tenant_id: z.string(),
  requests: z.int().nullable(),
  seconds: z.int().nullable(),
  audit_event_id: z.string(),
});

export const LimitKey = z.tuple([z.enum(limitedSubjects), z.string().max(128)]);
export type LimitKey = z.infer<typeof LimitKey>;
