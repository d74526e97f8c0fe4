import type { ScheduleView } from '../../contracts/api/schedules';
import type { PlaneSchedule } from '../../prisma/generated/client';
import type { EngineSchedule } from '../services';
import { isoOrNull } from './time';

/** The schedule as its row says, with what the engine knows of its next turn. */
export function toScheduleView(row: PlaneSchedule, engine: EngineSchedule | undefined): ScheduleView {
  const nextRunAt = row.enabled ? engine?.nextRunAt : undefined;
  return {
    schedule_id: row.scheduleId,
    plane_id: row.planeId,
    cron: row.cron,
    interval_seconds: row.intervalSeconds,
    timezone: 'UTC',
    overlap: row.overlap as ScheduleView['overlap'],
    enabled: row.enabled,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    next_run_at: isoOrNull(nextRunAt ?? null),
    skipped_by_overlap: engine?.skippedByOverlap ?? null,
    run_count: row.runCount,
    last_run_at: isoOrNull(row.lastRunAt),
    last_result: row.lastResult as ScheduleView['last_result'],
    last_reason: row.lastReason,
    last_job_id: row.lastJobId,
  };
}
