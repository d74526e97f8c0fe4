import type { LifecycleEventView, PlaneStateView, StageView } from '../../contracts/api/lifecycle';
import { bandOf, planeStateValues, stageNames, type JobKind, type JobStatus } from '../../contracts/knowledge';
import type { AuditRow } from '../../prisma/reads/audit';
import type { PlaneStateRows, StageRow } from '../../prisma/reads/lifecycle';
import { flagsOf, nextAction, stateOf } from './plane';
import { isoOrNull } from './time';

export function toStateView({ plane, bindings, activeJob, lastJob }: PlaneStateRows): PlaneStateView {
  const state = stateOf(plane);
  return {
    plane_id: plane.planeId,
    state,
    value: planeStateValues[state],
    band: bandOf(state),
    flags: flagsOf(state),
    bound_policies: bindings.map(({ policyId }) => policyId),
    active_job_id: plane.activeJobId,
    active_job:
      activeJob === undefined
        ? null
        : {
            job_id: activeJob.jobId,
            kind: activeJob.kind as JobKind,
            status: activeJob.status as JobStatus,
            attempt: activeJob.attempt,
          },
    next_action: nextAction(plane, bindings),
    status_reason: plane.statusReason,
    last_job:
      lastJob === undefined
        ? null
        : {
            job_id: lastJob.jobId,
            kind: lastJob.kind as JobKind,
            status: lastJob.status as JobStatus,
            error_code: lastJob.errorCode,
            error_message: lastJob.errorMessage,
          },
  };
}

/** The five stages in their order, those without progress included. */
export function toStageViews(rows: readonly StageRow[], now: Date): StageView[] {
  return stageNames.map((stage) => {
    const row = rows.find((each) => each.stage === stage);
    return row === undefined ? notStarted(stage) : toStageView(stage, row, now);
  });
}

function notStarted(stage: StageView['stage']): StageView {
  return {
    stage,
    status: 'not_started',
    percentage: 0,
    attempts: 0,
    started_at: null,
    completed_at: null,
    duration_ms: null,
    message: null,
    error: null,
    job_id: null,
    eta_seconds: null,
  };
}

function toStageView(stage: StageView['stage'], row: StageRow, now: Date): StageView {
  return {
    stage,
    status: row.status as StageView['status'],
    percentage: row.percentage,
    attempts: row.attempts,
    started_at: row.startedAt.toISOString(),
    completed_at: isoOrNull(row.completedAt),
    duration_ms: row.durationMs,
    message: row.message,
    error: row.error,
    job_id: row.jobId,
    eta_seconds: etaSeconds(row, now),
  };
}

// As if the rest went on at the pace so far.
function etaSeconds({ status, percentage, startedAt }: StageRow, now: Date): number | null {
  if (status !== 'running' || percentage <= 0) return null;
  const elapsedMs = Math.max(0, now.getTime() - startedAt.getTime());
  return Math.round((elapsedMs * (100 - percentage)) / percentage / 1000);
}

/** An event with what it says of the plane; refusals and jobs say less than transitions. */
export function toLifecycleEventView(row: AuditRow): LifecycleEventView {
  const evidence = (row.evidence ?? {}) as Record<string, unknown>;
  const details = (evidence['details'] ?? {}) as Record<string, unknown>;
  return {
    event_id: row.eventId,
    event_type: row.eventType,
    plane_id: row.planeId ?? '',
    tenant_id: row.tenantId,
    timestamp: row.occurredAt.toISOString(),
    actor_id: row.actorId,
    actor_type: row.actorType,
    outcome: row.outcome,
    from_state: textOrNull(evidence['from_state'] ?? details['state'] ?? evidence['state']),
    to_state: textOrNull(evidence['to_state']),
    action: textOrNull(evidence['action']) ?? row.action,
    gate_result: textOrNull(evidence['gate_result'] ?? details['gate_result']),
    reason: textOrNull(evidence['reason'] ?? evidence['message']),
    job_id: row.jobId,
    request_id: row.requestId,
    error_code: row.errorCode,
    integrity_hash: row.integrityHash,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
