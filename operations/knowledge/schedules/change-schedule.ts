import { z } from 'zod';
import { scheduleActorId } from '../../../contracts/execution-context';
import { PlaneId } from '../../../contracts/knowledge-schemas';
import { planeScheduleId } from '../../../contracts/workflow-ids';
import { defineOperation, type Bound } from '../../define';
import { lockPlane } from '../rows';
import { auditChange, enqueueUpsert, findSchedule, scheduleNotFound } from './rows';

async function loadSchedule(bound: Bound, planeId: string) {
  const plane = await lockPlane(bound, planeId);
  return { plane, schedule: await findSchedule(bound, planeId) };
}

/** Pauses a schedule or lets it go on. It keeps whom it acts for. */
export const enableSchedule = defineOperation({
  name: 'knowledge.schedules.enable',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId, enabled: z.boolean() }),
  fence: 'fenced',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  loadFacts: (work, { planeId }) => loadSchedule(work, planeId),

  async handle(work, { params: { planeId, enabled }, facts: { plane, schedule } }) {
    if (schedule === undefined) throw scheduleNotFound();
    const changed = await work.tx
      .updateTable('plane_schedules')
      .set((eb) => ({ enabled, updated_at: new Date(), version: eb('version', '+', 1) }))
      .where('schedule_id', '=', schedule.schedule_id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const change = enabled ? 'resumed' : 'paused';
    const auditEventId = auditChange(work, changed, change, schedule.enabled !== enabled);
    enqueueUpsert(work, plane, changed);
    return { scheduleId: schedule.schedule_id, planeId, enabled, auditEventId };
  },
});

/** Ends a schedule with all that it may do; work that it has begun stops at its next operation. */
export const deleteSchedule = defineOperation({
  name: 'knowledge.schedules.delete',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId }),
  fence: 'fenced',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  loadFacts: (work, { planeId }) => loadSchedule(work, planeId),

  async handle(work, { params: { planeId }, facts: { plane, schedule } }) {
    if (schedule === undefined) throw scheduleNotFound();
    const { schedule_id: scheduleId } = schedule;
    const now = new Date();
    await work.tx
      .updateTable('plane_schedules')
      .set({ deleted_at: now, updated_at: now })
      .where('schedule_id', '=', scheduleId)
      .execute();
    await work.tx
      .updateTable('iam_grants')
      .set({ revoked_at: now, revoked_by: work.context.actor.id })
      .where('identity', '=', scheduleActorId(scheduleId))
      .where('revoked_at', 'is', null)
      .execute();
    const auditEventId = auditChange(work, schedule, 'deleted');
    work.enqueue({
      topic: 'schedule.delete',
      workflowId: planeScheduleId(plane.tenant_id, planeId),
      payload: { tenantId: plane.tenant_id, planeId, scheduleId },
    });
    return { scheduleId, planeId, auditEventId };
  },
});
