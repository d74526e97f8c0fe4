import { bandOf, isLegalTransition, planeStateValues, type PlaneState } from '../../contracts/knowledge';
import type { Work } from '../define';
import { newId } from '../ids';
import { stateOf, type PlaneRow } from './rows';

export interface TransitionStep {
  readonly plane: PlaneRow;
  readonly to: PlaneState;
  readonly action: string;
  readonly reason?: string | undefined;
  readonly gateResult?: string;
  readonly jobId?: string | undefined;
  readonly rollback?: boolean;
  /** Columns that change with the state. */
  readonly set?: Partial<Pick<PlaneRow, 'active_job_id' | 'next_action' | 'status_reason' | 'endpoint'>>;
}

/** Moves the locked plane along a legal edge: row, history and audit event. Returns the event's id. */
export async function applyTransition(work: Work, step: TransitionStep): Promise<string> {
  const { plane, to, action, reason, jobId, rollback = false } = step;
  const from = stateOf(plane);
  if (!isLegalTransition(from, to)) throw new Error(`no edge ${from} → ${to}: the action table is wrong`);
  const eventId = work.audit({
    type: rollback ? 'LIFECYCLE_ROLLBACK' : 'LIFECYCLE_TRANSITION',
    outcome: rollback || to === 'FAILED' ? 'failure' : 'success',
    planeId: plane.plane_id,
    jobId,
    resource: { type: 'plane', id: plane.plane_id },
    evidence: {
      from_state: from,
      to_state: to,
      action,
      gate_result: step.gateResult ?? 'ALLOWED',
      reason: reason ?? null,
      job_id: jobId ?? null,
    },
  });
  await work.tx
    .updateTable('knowledge_planes')
    .set((eb) => ({
      status: to.toLowerCase(),
      lifecycle_state_value: planeStateValues[to],
      last_transition_at: new Date(),
      updated_at: new Date(),
      version: eb('version', '+', 1),
      status_reason: reason ?? null,
      next_action: null,
      ...(bandOf(to) === 'terminal' && { active_job_id: null }),
      ...step.set,
    }))
    .where('plane_id', '=', plane.plane_id)
    .execute();
  await work.tx
    .insertInto('knowledge_lifecycle_transitions')
    .values({
      transition_id: newId('tr_'),
      plane_id: plane.plane_id,
      tenant_id: plane.tenant_id,
      from_status: from.toLowerCase(),
      to_status: to.toLowerCase(),
      trigger: action,
      actor_id: work.context.actor.id,
      actor_type: work.context.actor.type,
      success: !rollback && to !== 'FAILED',
      reason: reason ?? null,
      job_id: jobId ?? null,
      audit_event_id: eventId,
    })
    .execute();
  return eventId;
}
