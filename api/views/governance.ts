import type { SwitchView } from '../../contracts/api/governance';
import type { GovernanceMode } from '../../contracts/switches';
import type { RuntimeSwitch } from '../../prisma/generated/client';
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
