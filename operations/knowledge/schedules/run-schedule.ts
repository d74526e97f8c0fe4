import { z } from 'zod';
import { EngineError } from '../../../contracts/errors';
import { scheduleActorId } from '../../../contracts/execution-context';
import { JobId, PlaneId } from '../../../contracts/knowledge-schemas';
import { scheduleResults, type ScheduleResult } from '../../../contracts/schedules';
import type { AuditOutcome } from '../../../contracts/audit';
import { identifier } from '../../../contracts/text';
import { defineOperation, type Work } from '../../define';
import { lockPlane, stateOf, type PlaneRow } from '../rows';
import { startJob } from '../start-job';
import { findSchedule, scheduleNotFound, type ScheduleRow } from './rows';

const RunParams = z.strictObject({ planeId: PlaneId, scheduleId: identifier });

/** One turn of a schedule: begins to read the plane again, or says why there is nothing to begin. */
export const beginScheduledRun = defineOperation({
  name: 'knowledge.schedules.begin_run',
  permission: 'write:planes',
  params: RunParams,
  fence: 'fenced',
  begins: 'work',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],

  async loadFacts(work, { planeId, scheduleId }) {
    if (work.context.actor.id !== scheduleActorId(scheduleId)) {
      throw new EngineError('authorization_failed', 'a turn of a schedule is taken by the schedule itself');
    }
    const plane = await lockPlane(work, planeId);
    const schedule = await findSchedule(work, planeId);
    if (schedule?.schedule_id !== scheduleId) throw scheduleNotFound();
    return { plane, schedule };
  },

  async handle(work, { params: { scheduleId, planeId }, facts: { plane, schedule } }) {
    const skipped = reasonToSkip(plane, schedule);
    const jobId = skipped === null ? await startJob(work, { plane, kind: 'sync_documents' }) : null;
    await work.tx
      .updateTable('plane_schedules')
      .set((eb) => ({
        run_count: eb('run_count', '+', 1),
        last_run_at: new Date(),
        last_result: skipped === null ? 'started' : 'skipped',
        last_reason: skipped,
        last_job_id: jobId,
      }))
      .where('schedule_id', '=', scheduleId)
      .execute();
    auditRun(work, { planeId, scheduleId, jobId, result: skipped === null ? 'started' : 'skipped', reason: skipped });
    return { jobId };
  },
});

function reasonToSkip(plane: PlaneRow, schedule: ScheduleRow): string | null {
  if (!schedule.enabled) return 'the schedule is paused';
  if (stateOf(plane) !== 'ACTIVE') return `the plane is ${stateOf(plane)}`;
  return plane.active_job_id === null ? null : `the job ${plane.active_job_id} is at work`;
}

/** Writes down how a turn came out: refused before it began, or ended with its job. */
export const recordScheduledRun = defineOperation({
  name: 'knowledge.schedules.record_run',
  permission: 'system:execute',
  params: RunParams.extend({
    jobId: JobId.nullable(),
    result: z.enum(scheduleResults),
    reason: z.string().max(500).nullable(),
  }),
  fence: 'refusal-audit',
  loadFacts: async () => ({}),

  async handle(work, { params }) {
    const { scheduleId, jobId, result, reason } = params;
    const change = { last_result: result, last_reason: reason };
    const rows = work.tx.updateTable('plane_schedules').where('schedule_id', '=', scheduleId);
    // The end of a job says nothing about a later turn.
    await (
      jobId === null
        ? rows.set((eb) => ({
            ...change,
            run_count: eb('run_count', '+', 1),
            last_run_at: new Date(),
            last_job_id: null,
          }))
        : rows.set(change).where('last_job_id', '=', jobId)
    ).execute();
    auditRun(work, params);
    return { result };
  },
});

const outcomes: Readonly<Record<ScheduleResult, AuditOutcome>> = {
  started: 'pending',
  completed: 'success',
  failed: 'failure',
  skipped: 'skipped',
  refused: 'blocked',
};

interface Run {
  readonly planeId: string;
  readonly scheduleId: string;
  readonly jobId: string | null;
  readonly result: ScheduleResult;
  readonly reason: string | null;
}

function auditRun(work: Work, { planeId, scheduleId, jobId, result, reason }: Run): void {
  work.audit({
    type: 'SchedulerJobTriggered',
    outcome: outcomes[result],
    planeId,
    jobId: jobId ?? undefined,
    resource: { type: 'schedule', id: scheduleId },
    evidence: { result, reason },
  });
}
