import type { FollowedEventView, ProgressView } from '../../contracts/api/progress';
import type { PlaneState } from '../../contracts/knowledge';
import type { FollowedEvent } from '../../operations/knowledge/plane-follow';
import type { ProgressRows } from '../../prisma/reads/progress';
import { toStageViews, toStateView } from './lifecycle';

type Stage = ProgressView['stages'][number];

const finished: readonly Stage['status'][] = ['completed', 'skipped'];
const durationMsDefault = 30_000;
const percentageBeforeEnd = 99;

/** How far the plane is on its way to ACTIVE, stage by stage and as a whole. */
export function toProgressView(rows: ProgressRows, now: Date): ProgressView {
  const stages = toStageViews(rows.stages, now).map((each) => ({
    ...each,
    retry_count: Math.max(0, each.attempts - 1),
  }));
  const open = stages.filter(({ status }) => !finished.includes(status));
  const current = currentOf(open);
  const { plane, lastTransition } = rows;
  return {
    plane_id: plane.planeId,
    tenant_id: plane.tenantId,
    transition_id: lastTransition?.transitionId ?? null,
    from_state: toState(lastTransition?.fromStatus),
    to_state: toState(lastTransition?.toStatus),
    total_stages: stages.length,
    completed_stages: stages.length - open.length,
    current_stage: current?.stage ?? null,
    overall_percentage: overallPercentage(stages.length, open.length, current),
    estimated_completion: rows.activeJob === undefined ? null : estimate(open, rows.meanDurationMs, now),
    error: open.find(({ status }) => status === 'failed')?.error ?? null,
    stages,
    state: toStateView(rows),
  };
}

function currentOf(open: readonly Stage[]): Stage | undefined {
  return open.find(({ status }) => status !== 'not_started') ?? open[0];
}

/** The finished stages and the share of the current one; less than all until the last is done. */
export function overallPercentage(total: number, open: number, current: Pick<Stage, 'percentage'> | undefined): number {
  if (open === 0) return 100;
  const share = Math.min(100, Math.max(0, current?.percentage ?? 0)) / 100;
  return Math.min(percentageBeforeEnd, Math.floor(((total - open + share) / total) * 100));
}

function estimate(open: readonly Stage[], means: ReadonlyMap<string, number>, now: Date): string {
  const leftMs = open.map(({ stage, percentage }) => (means.get(stage) ?? durationMsDefault) * (1 - percentage / 100));
  return new Date(now.getTime() + leftMs.reduce((sum, each) => sum + Math.max(0, each), 0)).toISOString();
}

function toState(status: string | undefined): PlaneState | null {
  return status === undefined ? null : (status.toUpperCase() as PlaneState);
}

/** Of an audit event what whoever may see the plane may see of it. */
export function toFollowedEventView(planeId: string, event: FollowedEvent): FollowedEventView {
  const { evidence } = event;
  const details = (evidence['details'] ?? {}) as Record<string, unknown>;
  return {
    event_id: event.eventId,
    event_type: event.eventType,
    plane_id: planeId,
    timestamp: event.occurredAt,
    outcome: event.outcome,
    from_state: textOrNull(evidence['from_state'] ?? details['state'] ?? evidence['state']),
    to_state: textOrNull(evidence['to_state']),
    action: textOrNull(evidence['action']) ?? event.action,
    gate_result: textOrNull(evidence['gate_result'] ?? details['gate_result']),
    reason: textOrNull(evidence['reason'] ?? evidence['message']),
    job_id: event.jobId,
    job_kind: textOrNull(evidence['job_kind']),
    error_code: event.errorCode,
    error_message: event.errorMessage,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
