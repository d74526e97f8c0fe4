import { Cron } from 'croner';
import { z } from 'zod';
import { EngineError, refusal } from '../../../contracts/errors';
import { scheduleActorId } from '../../../contracts/execution-context';
import { bandOf } from '../../../contracts/knowledge';
import { PlaneId } from '../../../contracts/knowledge-schemas';
import { ScheduleDefinition } from '../../../contracts/schedules';
import { defineOperation, type Bound, type Work } from '../../define';
import { newId } from '../../ids';
import { lockPlane, stateOf, type PlaneRow } from '../rows';
import { auditChange, enqueueUpsert, findSchedule, type ScheduleRow } from './rows';

/**
 * Gives the plane its schedule, or changes it. Whoever set it last answers for it: its runs may do no more than his key
 * may. The same call again changes nothing, and makes the clock anew where it was lost.
 */
export const setSchedule = defineOperation({
  name: 'knowledge.schedules.set',
  permission: 'write:planes',
  params: z.strictObject({ planeId: PlaneId, definition: ScheduleDefinition }),
  fence: 'fenced',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],

  async loadFacts(work, { planeId }) {
    const plane = await lockPlane(work, planeId);
    return { plane, schedule: await findSchedule(work, planeId) };
  },

  async handle(work, { params: { definition }, facts: { plane, schedule } }) {
    if (bandOf(stateOf(plane)) === 'terminal') {
      throw refusal('TERMINAL_STATE', `a plane in ${stateOf(plane)} is not read any more`);
    }
    requireCron(definition.cron);
    const wanted = columnsOf(definition, creatorOf(work));
    const isSame = schedule !== undefined && isUnchanged(schedule, wanted);
    const row = isSame ? schedule : await writeSchedule(work, { plane, schedule, wanted });
    const auditEventId = auditChange(work, row, schedule === undefined ? 'created' : 'updated', !isSame);
    enqueueUpsert(work, plane, row);
    return { scheduleId: row.schedule_id, planeId: plane.plane_id, created: schedule === undefined, auditEventId };
  },
});

// What passes the shape may still name no moment, and the engine would refuse it long after the caller has gone.
function requireCron(cron: string | undefined): void {
  if (cron === undefined) return;
  try {
    if (new Cron(cron, { timezone: 'UTC' }).nextRun() !== null) return;
  } catch {
    // The words of the parser are not ours; the refusal below says what is wanted.
  }
  throw refusal('validation_error', 'cron names no moment: minute hour day month weekday, in UTC', {
    details: { field: 'cron' },
  });
}

function creatorOf({ context: { actor } }: Bound): string {
  if (actor.keyId !== undefined) return actor.keyId;
  throw new EngineError('authorization_failed', 'a schedule acts for a key: set it with one');
}

function columnsOf({ cron, interval_seconds, overlap }: ScheduleDefinition, keyId: string) {
  return { cron: cron ?? null, interval_seconds: interval_seconds ?? null, overlap, creator_key_id: keyId };
}
type Columns = ReturnType<typeof columnsOf>;

function isUnchanged(schedule: ScheduleRow, wanted: Columns): boolean {
  return (Object.keys(wanted) as (keyof Columns)[]).every((name) => schedule[name] === wanted[name]);
}

interface WriteInput {
  readonly plane: PlaneRow;
  readonly schedule: ScheduleRow | undefined;
  readonly wanted: Columns;
}

async function writeSchedule(work: Work, { plane, schedule, wanted }: WriteInput): Promise<ScheduleRow> {
  const { tx, context } = work;
  const columns = { ...wanted, created_by: context.actor.id };
  if (schedule !== undefined) {
    return tx
      .updateTable('plane_schedules')
      .set((eb) => ({ ...columns, updated_at: new Date(), version: eb('version', '+', 1) }))
      .where('schedule_id', '=', schedule.schedule_id)
      .returningAll()
      .executeTakeFirstOrThrow();
  }
  const { tenant_id, plane_id } = plane;
  const scheduleId = newId('sch_', 8);
  await tx
    .insertInto('iam_grants')
    .values({ tenant_id, identity: scheduleActorId(scheduleId), role: 'schedule', granted_by: context.actor.id })
    .execute();
  return tx
    .insertInto('plane_schedules')
    .values({ schedule_id: scheduleId, tenant_id, plane_id, ...columns })
    .returningAll()
    .executeTakeFirstOrThrow();
}
