import { sql } from 'kysely';
import type { DeleteScheduleMessage, UpsertScheduleMessage } from '../../contracts/outbox';
import type { OverlapPolicy } from '../../contracts/schedules';
import { planeScheduleId } from '../../contracts/workflow-ids';
import { upsertMessage } from '../knowledge/schedules/upsert-message';
import type { Database } from '../transaction/database';

const pageSize = 100;
const scheduleAgeSecondsMin = 5;

export interface ScheduleEngine {
  readSchedule(scheduleId: string): Promise<object | undefined>;
  deliver(message: UpsertScheduleMessage | DeleteScheduleMessage): Promise<void>;
}

interface ScheduleRow {
  readonly schedule_id: string;
  readonly tenant_id: string;
  readonly plane_id: string;
  readonly plane_name: string;
  readonly cron: string | null;
  readonly interval_seconds: number | null;
  readonly overlap: OverlapPolicy;
  readonly enabled: boolean;
}

/**
 * Makes the clock of every schedule that the engine does not have: after a lost server, or a database that was restored
 * beside a new one. What the engine has is left as it is. Returns the schedules made. `db` is of the system role.
 */
export async function reconcileSchedules(db: Database, engine: ScheduleEngine): Promise<readonly string[]> {
  const made: string[] = [];
  const faults: unknown[] = [];
  for (let after = ''; ;) {
    const rows = await listSchedules(db, after);
    for (const row of rows) {
      // One that cannot be made must not keep the others waiting.
      try {
        if (await makeMissing(db, row, engine)) made.push(row.schedule_id);
      } catch (error) {
        faults.push(error);
      }
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.schedule_id;
  }
  if (faults.length > 0) throw new AggregateError(faults, `${faults.length} schedules could not be made`);
  return made;
}

// What waits in the outbox, or was changed a moment ago, is being told to the engine already.
async function listSchedules(db: Database, after: string): Promise<readonly ScheduleRow[]> {
  const { rows } = await sql<ScheduleRow>`
    select s.schedule_id, s.tenant_id, s.plane_id, p.name as plane_name, s.cron, s.interval_seconds, s.overlap, s.enabled
    from plane_schedules s join knowledge_planes p on p.plane_id = s.plane_id
    where s.deleted_at is null and s.schedule_id > ${after}
      and s.updated_at < now() - ${scheduleAgeSecondsMin} * interval '1 second'
      and not exists (select from event_outbox o
        where o.published_at is null and o.topic like 'schedule.%' and o.payload->>'planeId' = s.plane_id)
    order by s.schedule_id limit ${pageSize}`.execute(db);
  return rows;
}

async function makeMissing(db: Database, row: ScheduleRow, engine: ScheduleEngine): Promise<boolean> {
  const workflowId = planeScheduleId(row.tenant_id, row.plane_id);
  if ((await engine.readSchedule(workflowId)) !== undefined) return false;
  await engine.deliver(upsertMessage(row, row.plane_name));
  if (await exists(db, row)) return true;
  // It was deleted, and the engine told so, between our look and our word.
  const { tenant_id: tenantId, plane_id: planeId, schedule_id: scheduleId } = row;
  await engine.deliver({ topic: 'schedule.delete', workflowId, payload: { tenantId, planeId, scheduleId } });
  return false;
}

async function exists(db: Database, { schedule_id: scheduleId }: ScheduleRow): Promise<boolean> {
  const { rows } = await sql`
    select 1 from plane_schedules where schedule_id = ${scheduleId} and deleted_at is null`.execute(db);
  return rows.length > 0;
}
