import { z } from 'zod';

export const overlapPolicies = ['SKIP', 'BUFFER_ONE'] as const;
/** What becomes of a turn that comes while the last one is at work: it is left out, or one waits. */
export type OverlapPolicy = (typeof overlapPolicies)[number];

export const scheduleResults = ['started', 'completed', 'failed', 'skipped', 'refused'] as const;
export type ScheduleResult = (typeof scheduleResults)[number];

export const intervalSecondsMin = 60;
export const intervalSecondsMax = 31_536_000;

const cronField = '[0-9A-Za-z*,/-]+';

/** When a plane is read again: by the hands of a clock in UTC, or at a distance in time. */
export const ScheduleDefinition = z
  .strictObject({
    cron: z
      .string()
      .trim()
      .max(128)
      .regex(new RegExp(`^${cronField}( +${cronField}){4}$`), 'five fields: minute hour day month weekday')
      .optional(),
    interval_seconds: z.int().min(intervalSecondsMin).max(intervalSecondsMax).optional(),
    overlap: z.enum(overlapPolicies).default('SKIP'),
  })
  .refine(({ cron, interval_seconds }) => (cron === undefined) !== (interval_seconds === undefined), {
    message: 'name either cron or interval_seconds',
    path: ['cron'],
  });
export type ScheduleDefinition = z.infer<typeof ScheduleDefinition>;
