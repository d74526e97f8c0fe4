import type { PauseView, SwitchReport, SwitchView } from '../../contracts/api/governance';
import type { GovernanceMode } from '../../contracts/switches';
import type { RunPause, RuntimeSwitch } from '../../prisma/generated/client';
import type { SwitchReportRows } from '../../prisma/reads/pauses';
import type { GovernanceRows } from '../../prisma/reads/switches';
import { isoOrNull } from './time';

export function toSwitchView(row: RuntimeSwitch): SwitchView {
  return {
    switch_id: row.switchId,
    kind: row.kind as SwitchView['kind'],
    scope: row.scopeType as SwitchView['scope'],
    scope_id: row.scopeId,
    tenant_id: row.tenantId,
    owner: row.owner as SwitchView['owner'],
    enabled: row.enabled,
    epoch: Number(row.epoch),
    reason: row.reason,
    actor_id: row.actorId,
    actor_type: row.actorType,
    created_at: row.createdAt.toISOString(),
    updated_at: row.lastChanged.toISOString(),
  };
}

/** The mode that applies to the caller as a whole, and the last change that bears on it. */
export function toGovernanceState({ deciding, inReach }: GovernanceRows) {
  const isOn = (kind: string) => deciding.some((row) => row.enabled && row.kind === kind);
  const isKilled = isOn('kill');
  const isDegraded = isOn('degraded');
  const [last] = deciding;
  return {
    mode: (isKilled ? 'KILL' : isDegraded ? 'DEGRADED' : 'NORMAL') satisfies GovernanceMode as GovernanceMode,
    active: !isKilled,
    degraded_mode: isDegraded,
    last_changed: isoOrNull(last?.lastChanged ?? null),
    last_change_reason: last?.reason ?? null,
    last_change_actor: last?.actorId ?? null,
    switches: inReach.map(toSwitchView),
  };
}

export function toSwitchReport({ row, fanOut, seen, signalled, pausedRuns }: SwitchReportRows): SwitchReport {
  const survivors = fanOut?.survivors ?? 0;
  return {
    switch_id: row.switchId,
    kind: row.kind as SwitchReport['kind'],
    scope: row.scopeType as SwitchReport['scope'],
    scope_id: row.scopeId,
    enabled: row.enabled,
    epoch: Number(row.epoch),
    reason: row.reason,
    status: (fanOut?.status ?? 'none') as SwitchReport['status'],
    workflow_id: fanOut?.workflowId ?? null,
    seen,
    signalled,
    ended: fanOut?.endedAt == null ? 0 : Math.max(0, seen - survivors),
    survivors,
    survivor_ids: (fanOut?.survivorIds ?? []) as string[],
    paused_runs: pausedRuns,
    queued_at: isoOrNull(fanOut?.queuedAt ?? null),
    started_at: isoOrNull(fanOut?.startedAt ?? null),
    ended_at: isoOrNull(fanOut?.endedAt ?? null),
  };
}

export function toPauseView(row: RunPause): PauseView {
  return {
    pause_id: row.pauseId,
    run_id: row.runId,
    plane_id: row.planeId,
    workflow_id: row.workflowId,
    switch_id: row.switchId,
    epoch: Number(row.switchEpoch),
    reason: row.reason,
    paused_at: row.pausedAt.toISOString(),
    sla_deadline: row.slaDeadline.toISOString(),
    on_timeout: row.onTimeout as PauseView['on_timeout'],
    warned_at: isoOrNull(row.warnedAt),
    escalated_at: isoOrNull(row.escalatedAt),
    outcome: row.outcome as PauseView['outcome'],
    resumed_by: row.resumedBy,
    resumed_at: isoOrNull(row.resumedAt),
  };
}
