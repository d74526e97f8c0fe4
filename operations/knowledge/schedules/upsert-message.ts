import type { UpsertScheduleMessage } from '../../../contracts/outbox';
import type { OverlapPolicy } from '../../../contracts/schedules';
import { planeScheduleId } from '../../../contracts/workflow-ids';
import type { ScheduleRow } from './rows';

type ToldColumns = 'schedule_id' | 'tenant_id' | 'plane_id' | 'cron' | 'interval_seconds' | 'overlap' | 'enabled';

/** What the engine is told of a schedule, from its row and the name of its plane. */
export function upsertMessage(schedule: Pick<ScheduleRow, ToldColumns>, planeName: string): UpsertScheduleMessage {
  const { tenant_id: tenantId, plane_id: planeId } = schedule;
  return {
    topic: 'schedule.upsert',
    workflowId: planeScheduleId(tenantId, planeId),
    payload: {
      tenantId,
      planeId,
      planeName,
      scheduleId: schedule.schedule_id,
      cron: schedule.cron,
      intervalSeconds: schedule.interval_seconds,
      overlap: schedule.overlap as OverlapPolicy,
      paused: !schedule.enabled,
    },
  };
}
