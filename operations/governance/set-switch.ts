import { sql } from 'kysely';
import { EngineError, refusal } from '../../contracts/errors';
import { platformTenantId } from '../../contracts/execution-context';
import {
  supportedSwitchKinds,
  supportedSwitchScopes,
  type SwitchKind,
  type SwitchScope,
} from '../../contracts/switches';
import type { Work } from '../define';
import { newId } from '../ids';
import { digestOf } from '../transaction/canonical';

export interface SwitchTarget {
  readonly kind: SwitchKind;
  readonly scope: SwitchScope;
  /** Absent for the global scope; the caller's own tenant when absent for the tenant scope. */
  readonly scopeId?: string | undefined;
}

export interface SwitchChange {
  readonly switchId: string;
  readonly kind: SwitchKind;
  readonly scope: SwitchScope;
  readonly scopeId: string;
  readonly owner: 'tenant' | 'operator';
  readonly enabled: boolean;
  readonly previous: boolean;
  readonly epoch: number;
  /** ISO 8601; null for a switch that was never thrown. */
  readonly changedAt: string | null;
}

interface OwnedTarget extends SwitchTarget {
  readonly scopeId: string;
  readonly tenantId: string | null;
  readonly owner: 'tenant' | 'operator';
}

/** Whose row it would be. A tenant reaches its own scopes only, and never a row that the operator owns. */
export async function resolveTarget(work: Work, { kind, scope, scopeId }: SwitchTarget): Promise<OwnedTarget> {
  if (!supportedSwitchScopes.includes(scope) || !supportedSwitchKinds.includes(kind)) {
    throw new EngineError('unsupported_operation', `a ${kind} switch on scope ${scope} is not offered by this version`);
  }
  const { tenantId } = work.context;
  const isOperator = tenantId === platformTenantId;
  const owner = isOperator ? 'operator' : 'tenant';
  if (scope === 'global') {
    if (!isOperator) throw new EngineError('authorization_failed', 'the global scope belongs to the operator');
    return { kind, scope, scopeId: '', tenantId: null, owner };
  }
  if (scope === 'tenant') return { kind, scope, ...(await tenantTarget(work, isOperator, scopeId)), owner };
  return { kind, scope, ...(await planeTarget(work, scopeId)), owner };
}

async function tenantTarget({ tx, context }: Work, isOperator: boolean, scopeId: string | undefined) {
  const id = scopeId ?? context.tenantId;
  if (!isOperator && id !== context.tenantId) throw refusal('TENANT_NOT_FOUND', 'there is no such tenant');
  if (id === platformTenantId) {
    throw refusal('validation_error', 'name the tenant in scope_id', { details: { field: 'scope_id' } });
  }
  const row = await tx.selectFrom('tenants').select('tenant_id').where('tenant_id', '=', id).executeTakeFirst();
  if (row === undefined) throw refusal('TENANT_NOT_FOUND', 'there is no such tenant');
  return { scopeId: id, tenantId: id };
}

async function planeTarget({ tx }: Work, scopeId: string | undefined) {
  if (scopeId === undefined) {
    throw refusal('validation_error', 'name the plane in scope_id', { details: { field: 'scope_id' } });
  }
  const row = await tx
    .selectFrom('knowledge_planes')
    .select('tenant_id')
    .where('plane_id', '=', scopeId)
    .executeTakeFirst();
  if (row === undefined) throw refusal('PLANE_NOT_FOUND', 'there is no such plane');
  return { scopeId, tenantId: row.tenant_id };
}

/** Turns one switch on or off. The epoch rises each time it is turned on. */
export async function setSwitch(
  work: Work,
  target: OwnedTarget,
  { enabled, reason }: { enabled: boolean; reason: string },
): Promise<SwitchChange> {
  const before = await readSwitch(work, target);
  if (!enabled && before === undefined) return neverThrown(target);
  const { actor } = work.context;
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
    })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'scope_type', 'scope_id', 'tenant_id', 'owner']).doUpdateSet({
        enabled,
        epoch: enabled ? sql`runtime_switches.epoch + 1` : sql`runtime_switches.epoch`,
        reason,
        actor_id: actor.id,
        actor_type: actor.type,
        last_changed: new Date(),
      }),
    )
    .returning(['switch_id', 'epoch', 'last_changed'])
    .executeTakeFirstOrThrow();
  const change = {
    switchId: row.switch_id,
    kind: target.kind,
    scope: target.scope,
    scopeId: target.scopeId,
    owner: target.owner,
    enabled,
    previous: before?.enabled ?? false,
    epoch: Number(row.epoch),
    changedAt: row.last_changed.toISOString(),
  };
  await recordChange(work, { change, tenantId: target.tenantId, reason });
  return change;
}

async function readSwitch({ tx }: Work, target: OwnedTarget): Promise<{ enabled: boolean } | undefined> {
  const { rows } = await sql<{ enabled: boolean }>`
    select enabled from runtime_switches where kind = ${target.kind} and scope_type = ${target.scope}
      and coalesce(scope_id, '') = ${target.scopeId} and tenant_id is not distinct from ${target.tenantId}
      and owner = ${target.owner} for update`.execute(tx);
  return rows[0];
}

function neverThrown({ kind, scope, scopeId, owner }: OwnedTarget): SwitchChange {
  return { switchId: '', kind, scope, scopeId, owner, enabled: false, previous: false, epoch: 0, changedAt: null };
}

const eventTypes = {
  kill: { on: 'governance_disabled', off: 'governance_enabled' },
  stop: { on: 'governance_disabled', off: 'governance_enabled' },
  pause: { on: 'governance_degraded', off: 'governance_normal' },
  degraded: { on: 'governance_degraded', off: 'governance_normal' },
} as const;

async function recordChange(
  work: Work,
  { change, tenantId, reason }: { change: SwitchChange; tenantId: string | null; reason: string },
): Promise<void> {
  const row = {
    switch_id: change.switchId,
    tenant_id: tenantId,
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
