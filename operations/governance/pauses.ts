import { sql } from 'kysely';
import { z } from 'zod';
import { EngineError, refusal } from '../../contracts/errors';
import { JobId, PlaneId } from '../../contracts/knowledge-schemas';
import { pauseSlaSecondsDefault, pauseWarningSeconds } from '../../contracts/switches';
import { text } from '../../contracts/text';
import { defineOperation, type Bound } from '../define';
import { newId } from '../ids';
import { lockRunningJob } from '../knowledge/rows';
import { auditPause, endPause, enqueueResume, lockPause, readPauseSwitch, type PauseRow } from './pause-rows';

const pauseId = z.string().max(64);

/**
 * Records that a job waits at a pause, with the time that it may. Not paused when the switch was released meanwhile: the
 * step is then tried again at once. A job that already waits keeps its deadline, whichever execution it waits in.
 */
export const openPause = defineOperation({
  name: 'governance.pauses.open',
  permission: 'system:execute',
  params: z.strictObject({
    planeId: PlaneId,
    jobId: JobId,
    workflowId: z.string().max(256),
    switchId: z.string().max(64),
    switchEpoch: z.int().min(1),
  }),
  fence: 'recording-a-pause',
  answer: 'fresh',

  async loadFacts(work, { planeId, jobId, switchId }) {
    // A job that still is queued may wait too: it has not begun its first step.
    await lockOpenJob(work, planeId, jobId);
    return { held: await readPauseSwitch(work, switchId), open: await readOpenPause(work, jobId) };
  },

  async handle(work, { params, facts: { held, open } }) {
    if (open !== undefined) {
      auditPause(work, 'RunPaused', open);
      return { paused: true as const, ...waitOf(open) };
    }
    const inForce = held?.enabled === true && Number(held.epoch) === params.switchEpoch;
    if (!inForce) {
      work.audit({
        type: 'RunPaused',
        outcome: 'skipped',
        planeId: params.planeId,
        jobId: params.jobId,
        evidence: {
          ...{ pause_id: null, sla_deadline: null, on_timeout: null, outcome: null },
          switch_id: params.switchId,
          epoch: params.switchEpoch,
          reason: 'the switch was released before the run could wait',
        },
      });
      return { paused: false as const };
    }
    const slaSeconds = held.sla_seconds ?? pauseSlaSecondsDefault;
    const row = await work.tx
      .insertInto('run_pauses')
      .values({
        pause_id: newId('pause_', 8),
        tenant_id: work.context.tenantId,
        run_id: params.jobId,
        plane_id: params.planeId,
        workflow_id: params.workflowId,
        switch_id: params.switchId,
        switch_epoch: String(params.switchEpoch),
        reason: held.reason,
        sla_deadline: sql`now() + ${slaSeconds} * interval '1 second'`,
        on_timeout: held.on_timeout ?? 'TERMINATE',
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    auditPause(work, 'RunPaused', row);
    return { paused: true as const, ...waitOf(row) };
  },
});

async function lockOpenJob(bound: Bound, planeId: string, jobId: string) {
  const row = await bound.tx
    .selectFrom('knowledge_jobs')
    .select('status')
    .where('job_id', '=', jobId)
    .where('status', '=', 'queued')
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) await lockRunningJob(bound, planeId, jobId);
}

async function readOpenPause({ tx }: Bound, jobId: string): Promise<PauseRow | undefined> {
  return tx
    .selectFrom('run_pauses')
    .selectAll()
    .where('run_id', '=', jobId)
    .where('outcome', 'is', null)
    .executeTakeFirst();
}

export interface PauseWait {
  readonly pauseId: string;
  /** Until the warning, and from there until the time is over. */
  readonly warnInMs: number;
  readonly endInMs: number;
  /** Nobody counts the time any more: it waits for a person. */
  readonly escalated: boolean;
}

function waitOf(row: PauseRow): PauseWait {
  const left = Math.max(0, row.sla_deadline.getTime() - Date.now());
  const endInMs = Math.min(left, pauseWarningSeconds * 1_000);
  return { pauseId: row.pause_id, warnInMs: left - endInMs, endInMs, escalated: row.escalated_at !== null };
}

/** Says in the audit, and on the row, that a paused run is near the end of its time. */
export const warnPause = defineOperation({
  name: 'governance.pauses.warn',
  permission: 'system:execute',
  params: z.strictObject({ pauseId }),
  fence: 'recording-a-pause',
  loadFacts: (work, params) => lockPause(work, params.pauseId),
  async handle(work, { facts: row }) {
    const warned = await work.tx
      .updateTable('run_pauses')
      .set({ warned_at: sql`coalesce(warned_at, now())` })
      .where('pause_id', '=', row.pause_id)
      .returningAll()
      .executeTakeFirstOrThrow();
    auditPause(work, 'RunPauseWarned', warned);
    return {};
  },
});

/** Decides what becomes of a run whose time at a pause is over, as the throw of the switch said. */
export const expirePause = defineOperation({
  name: 'governance.pauses.expire',
  permission: 'system:execute',
  params: z.strictObject({ pauseId }),
  fence: 'recording-a-pause',

  async loadFacts(work, params) {
    const row = await lockPause(work, params.pauseId);
    return { row, held: await readPauseSwitch(work, row.switch_id) };
  },

  async handle(work, { facts: { row, held } }): Promise<{ decision: 'go_on' | 'terminate' | 'wait' }> {
    if (row.outcome !== null) {
      auditPause(work, 'RunPauseEnded', row, 'skipped');
      return { decision: row.outcome === 'terminated' || row.outcome === 'killed' ? 'terminate' : 'go_on' };
    }
    if (held?.enabled !== true) {
      await endPause(work, row, 'resumed');
      return { decision: 'go_on' };
    }
    if (row.on_timeout === 'ESCALATE') {
      const escalated = await work.tx
        .updateTable('run_pauses')
        .set({ escalated_at: sql`coalesce(escalated_at, now())` })
        .where('pause_id', '=', row.pause_id)
        .returningAll()
        .executeTakeFirstOrThrow();
      auditPause(work, 'RunPauseEscalated', escalated);
      return { decision: 'wait' };
    }
    if (row.on_timeout === 'CONTINUE') {
      await allowPast(work, row);
      await endPause(work, row, 'continued');
      return { decision: 'go_on' };
    }
    await endPause(work, row, 'terminated');
    return { decision: 'terminate' };
  },
});

/** A person lets one run go on while the switch stays on for the others. */
export const resumePause = defineOperation({
  name: 'governance.pauses.resume',
  permission: 'write:runs',
  params: z.strictObject({ pauseId, reason: text(1000) }),
  // Not a step itself, so the pause does not refuse it; a kill does.
  fence: 'fenced',

  async loadFacts(work, params) {
    const row = await lockPause(work, params.pauseId);
    return { row, held: await readPauseSwitch(work, row.switch_id) };
  },

  async handle(work, { facts: { row, held } }) {
    if (row.outcome !== null) throw refusal('INVALID_STATE', `the run waits no longer: it was ${row.outcome}`);
    if (held?.owner === 'operator') {
      throw new EngineError('authorization_failed', 'the operator threw this pause, and only he can end it');
    }
    await allowPast(work, row);
    await endPause(work, row, 'resumed');
    enqueueResume(work, row);
    return { pauseId: row.pause_id, runId: row.run_id, planeId: row.plane_id };
  },
});

/** Lets a run go on whose switch was released. */
export const resumeReleased = defineOperation({
  name: 'governance.pauses.resume_released',
  permission: 'system:execute',
  params: z.strictObject({ pauseId }),
  fence: 'recording-a-pause',
  answer: 'fresh',

  async loadFacts(work, params) {
    const row = await lockPause(work, params.pauseId);
    return { row, held: await readPauseSwitch(work, row.switch_id) };
  },

  async handle(work, { facts: { row, held } }) {
    if (row.outcome !== null || held?.enabled === true) {
      auditPause(work, row.outcome === null ? 'RunPaused' : 'RunPauseEnded', row, 'skipped');
      return {};
    }
    await endPause(work, row, 'resumed');
    enqueueResume(work, row);
    return {};
  },
});

// Only this throw of the switch: when it is thrown again the job waits again.
async function allowPast({ tx }: Bound, row: PauseRow): Promise<void> {
  await sql`
    update knowledge_jobs set passed_pauses = passed_pauses || jsonb_build_object(${row.switch_id}::text, ${row.switch_epoch}::bigint)
    where job_id = ${row.run_id}`.execute(tx);
}
