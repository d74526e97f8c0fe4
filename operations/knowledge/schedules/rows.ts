import type { Selectable } from 'kysely';
import { refusal } from '../../../contracts/errors';
import type { PlaneSchedule } from '../../../prisma/generated/database';
import type { Bound, Work } from '../../define';
import type { PlaneRow } from '../rows';
import { upsertMessage } from './upsert-message';

export type ScheduleRow = Selectable<PlaneSchedule>;

/** The schedule of a plane, locked; its plane is locked before it. */
export function findSchedule({ tx }: Bound, planeId: string): Promise<ScheduleRow | undefined> {
  return tx
    .selectFrom('plane_schedules')
    .selectAll()
    .where('plane_id', '=', planeId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst();
}

export function scheduleNotFound() {
  return refusal('NOT_FOUND', 'the plane has no schedule');
}

/** Tells the engine what the row says now. */
export function enqueueUpsert(work: Work, plane: PlaneRow, schedule: ScheduleRow): void {
  work.enqueue(upsertMessage(schedule, plane.name));
}

/** Records a change of the schedule; returns the id of the event. */
export function auditChange(work: Work, schedule: ScheduleRow, change: string, changed = true): string {
  const { plane_id: planeId, schedule_id: id, cron, interval_seconds, overlap, enabled } = schedule;
  return work.audit({
    type: 'SchedulerJobChanged',
    outcome: changed ? 'success' : 'skipped',
    planeId,
    resource: { type: 'schedule', id },
    evidence: { change, cron, interval_seconds, overlap, enabled },
  });
}
