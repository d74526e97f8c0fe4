import type { Selectable } from 'kysely';
import type { AuditOutcome } from '../../contracts/audit';
import { refusal } from '../../contracts/errors';
import type { RunPause } from '../../prisma/generated/database';
import type { Bound, Work } from '../define';

export type PauseRow = Selectable<RunPause>;
export type PauseOutcome = 'resumed' | 'continued' | 'terminated' | 'killed';

export async function lockPause({ tx }: Bound, pauseId: string): Promise<PauseRow> {
  const row = await tx
    .selectFrom('run_pauses')
    .selectAll()
    .where('pause_id', '=', pauseId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw refusal('NOT_FOUND', 'there is no such pause');
  return row;
}

/** The switch as it is now. Unlocked: a release that is on its way is found by the next look for released pauses. */
export async function readPauseSwitch({ tx }: Bound, switchId: string) {
  return tx
    .selectFrom('runtime_switches')
    .select(['enabled', 'epoch', 'owner', 'reason', 'sla_seconds', 'on_timeout'])
    .where('switch_id', '=', switchId)
    .executeTakeFirst();
}

export function auditPause(
  work: Work,
  type: 'RunPaused' | 'RunPauseWarned' | 'RunPauseEnded' | 'RunPauseEscalated',
  row: PauseRow,
  outcome: AuditOutcome = type === 'RunPaused' || type === 'RunPauseWarned' ? 'pending' : 'success',
): void {
  work.audit({
    type,
    outcome,
    planeId: row.plane_id,
    jobId: row.run_id,
    resource: { type: 'pause', id: row.pause_id },
    evidence: {
      pause_id: row.pause_id,
      switch_id: row.switch_id,
      epoch: Number(row.switch_epoch),
      sla_deadline: row.sla_deadline.toISOString(),
      on_timeout: row.on_timeout,
      outcome: row.outcome,
      reason: row.reason,
    },
  });
}

/** Ends the pause; the run tries its next step again when it is told to. */
export async function endPause(work: Work, row: PauseRow, outcome: PauseOutcome): Promise<void> {
  const ended = await work.tx
    .updateTable('run_pauses')
    .set({ outcome, resumed_by: work.context.actor.id, resumed_at: new Date() })
    .where('pause_id', '=', row.pause_id)
    .returningAll()
    .executeTakeFirstOrThrow();
  auditPause(work, 'RunPauseEnded', ended);
}

export function enqueueResume(work: Work, { pause_id: pauseId, workflow_id: workflowId, plane_id: planeId }: PauseRow) {
  const requester = { ...work.context, planeId };
  work.enqueue({ topic: 'run.resume', workflowId, payload: { pauseId, requester } });
}
