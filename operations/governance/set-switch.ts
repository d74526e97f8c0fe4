import { sql } from 'kysely';
import {
  switchChannel,
  type PauseTimeout,
  type SwitchKind,
  type SwitchNotice,
  type SwitchScope,
} from '../../contracts/switches';
import type { Bound, Work } from '../define';
import { newId } from '../ids';
import { digestOf } from '../transaction/canonical';
import type { OwnedTarget } from './switch-target';

/** How long runs may wait at a pause, and what becomes of them then. */
export interface PauseTerms {
  readonly slaSeconds: number;
  readonly onTimeout: PauseTimeout;
}

export interface SwitchChange {
  readonly switchId: string;
  readonly kind: SwitchKind;
  readonly scope: SwitchScope;
  readonly scopeId: string;
  /** Null where it counts for every tenant. */
  readonly tenantId: string | null;
  readonly owner: 'tenant' | 'operator';
  readonly enabled: boolean;
  readonly previous: boolean;
  readonly epoch: number;
  /** ISO 8601; null for a switch that was never thrown. */
  readonly changedAt: string | null;
}

/** Turns one switch on or off. The epoch rises each time it is turned on. */
export async function setSwitch(
  work: Work,
  target: OwnedTarget,
  { enabled, reason, pause }: { enabled: boolean; reason: string; pause?: PauseTerms | undefined },
): Promise<SwitchChange> {
  const before = await readSwitch(work, target);
  if (!enabled && before === undefined) return neverThrown(target);
  const { actor } = work.context;
  const terms = target.kind === 'pause' ? { sla_seconds: pause?.slaSeconds, on_timeout: pause?.onTimeout } : {};
  const row = await work.tx
    .insertInto('runtime_switches')
    .values({
      switch_id: newId('sw_', 8),
      kind: target.kind,
      scope_type: target.scope,
      scope_id: target.scopeId === '' ? null : target.scopeId,
      tenant_id: target.tenantId,
      owner: target.owner,
      enabled,
      epoch: '1',
      reason,
      actor_id: actor.id,
      actor_type: actor.type,
      ...terms,
    })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'scope_type', 'scope_id', 'tenant_id', 'owner']).doUpdateSet({
        enabled,
        epoch: enabled ? sql`runtime_switches.epoch + 1` : sql`runtime_switches.epoch`,
        reason,
        actor_id: actor.id,
        actor_type: actor.type,
        last_changed: sql`now()`,
        ...(enabled && terms),
      }),
    )
    .returning(['switch_id', 'epoch', 'last_changed'])
    .executeTakeFirstOrThrow();
  const change = {
    switchId: row.switch_id,
    kind: target.kind,
    scope: target.scope,
    scopeId: target.scopeId,
    tenantId: target.tenantId,
    owner: target.owner,
    enabled,
    previous: before?.enabled ?? false,
    epoch: Number(row.epoch),
    changedAt: row.last_changed.toISOString(),
  };
  await recordChange(work, change, reason);
  await announce(work, change);
  return change;
}

// Heard by every process when the transaction commits; the payload is all that a watcher needs to act at once.
async function announce({ tx }: Bound, change: SwitchChange): Promise<void> {
  const { switchId, kind, scope: scopeType, scopeId, tenantId, owner, enabled, epoch } = change;
  const notice: SwitchNotice = { switchId, kind, scopeType, scopeId, owner, enabled, epoch, tenantId };
  await sql`select pg_notify(${switchChannel}, ${JSON.stringify(notice)})`.execute(tx);
}

async function readSwitch({ tx }: Bound, target: OwnedTarget): Promise<{ enabled: boolean } | undefined> {
  const { rows } = await sql<{ enabled: boolean }>`
    select enabled from runtime_switches where kind = ${target.kind} and scope_type = ${target.scope}
      and coalesce(scope_id, '') = ${target.scopeId} and tenant_id is not distinct from ${target.tenantId}
      and owner = ${target.owner} for update`.execute(tx);
  return rows[0];
}

function neverThrown({ kind, scope, scopeId, tenantId, owner }: OwnedTarget): SwitchChange {
  return {
    switchId: '',
    kind,
    scope,
    scopeId,
    tenantId,
    owner,
    enabled: false,
    previous: false,
    epoch: 0,
    changedAt: null,
  };
}

const eventTypes = {
  kill: { on: 'governance_disabled', off: 'governance_enabled' },
  stop: { on: 'governance_disabled', off: 'governance_enabled' },
  pause: { on: 'governance_degraded', off: 'governance_normal' },
  degraded: { on: 'governance_degraded', off: 'governance_normal' },
} as const;

async function recordChange(work: Work, change: SwitchChange, reason: string): Promise<void> {
  const row = {
    switch_id: change.switchId,
    tenant_id: change.tenantId,
    previous: change.previous,
    current: change.enabled,
    epoch: String(change.epoch),
    reason,
    actor_id: work.context.actor.id,
  };
  const rowHash = digestOf(row);
  await work.tx
    .insertInto('runtime_switch_history')
    .values({ ...row, integrity_hash: rowHash })
    .execute();
  work.audit({
    type: eventTypes[change.kind][change.enabled ? 'on' : 'off'],
    outcome: 'success',
    resource: { type: 'switch', id: change.switchId },
    ...(change.scope === 'plane' && { planeId: change.scopeId }),
    evidence: {
      switch_id: change.switchId,
      kind: change.kind,
      scope: change.scope,
      scope_id: change.scopeId === '' ? null : change.scopeId,
      owner: change.owner,
      epoch: change.epoch,
      reason,
      row_hash: rowHash,
    },
  });
}
