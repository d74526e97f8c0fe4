import { capabilities } from '../../contracts/capabilities';
import { EngineError, refusal } from '../../contracts/errors';
import { platformTenantId } from '../../contracts/execution-context';
import type { SwitchKind, SwitchScope } from '../../contracts/switches';
import type { Bound } from '../define';

export interface SwitchTarget {
  readonly kind: SwitchKind;
  readonly scope: SwitchScope;
  /** Absent for the global scope; the caller's own tenant when absent for the tenant scope. */
  readonly scopeId?: string | undefined;
  /** Whose capability, server, run or integration the operator means; a tenant means its own. */
  readonly tenantId?: string | undefined;
}

export interface OwnedTarget {
  readonly kind: SwitchKind;
  readonly scope: SwitchScope;
  readonly scopeId: string;
  readonly tenantId: string | null;
  readonly owner: 'tenant' | 'operator';
}

type Place = Pick<OwnedTarget, 'scopeId' | 'tenantId'>;

/** Whose row it would be. A tenant reaches its own scopes only, and never a row that the operator owns. */
export async function resolveTarget(bound: Bound, target: SwitchTarget): Promise<OwnedTarget> {
  const { kind, scope, tenantId } = target;
  const owner = bound.context.tenantId === platformTenantId ? 'operator' : 'tenant';
  if (owner === 'tenant' && tenantId !== undefined && tenantId !== bound.context.tenantId) throw noTenant();
  return { kind, scope, owner, ...(await placeOf(bound, target, owner)) };
}

function placeOf(bound: Bound, target: SwitchTarget, owner: OwnedTarget['owner']): Place | Promise<Place> {
  switch (target.scope) {
    case 'global':
      if (owner === 'operator') return { scopeId: '', tenantId: null };
      throw new EngineError('authorization_failed', 'the global scope belongs to the operator');
    case 'tenant':
      return tenantPlace(bound, target.scopeId ?? target.tenantId ?? bound.context.tenantId);
    case 'plane':
      return planePlace(bound, idOf(target));
    case 'capability':
      return capabilityPlace(bound, target, owner);
    case 'server':
    case 'run':
    case 'integration':
      return namedPlace(bound, target, owner);
  }
}

async function tenantPlace({ tx, context }: Bound, id: string): Promise<Place> {
  if (context.tenantId !== platformTenantId && id !== context.tenantId) throw noTenant();
  if (id === platformTenantId) throw missing('scope_id', 'name the tenant in scope_id');
  const row = await tx.selectFrom('tenants').select('tenant_id').where('tenant_id', '=', id).executeTakeFirst();
  if (row === undefined) throw noTenant();
  return { scopeId: id, tenantId: id };
}

async function planePlace({ tx }: Bound, scopeId: string): Promise<Place> {
  const row = await tx
    .selectFrom('knowledge_planes')
    .select('tenant_id')
    .where('plane_id', '=', scopeId)
    .executeTakeFirst();
  if (row === undefined) throw refusal('PLANE_NOT_FOUND', 'there is no such plane');
  return { scopeId, tenantId: row.tenant_id };
}

// Of the whole installation for an operator who names no tenant.
function capabilityPlace(bound: Bound, target: SwitchTarget, owner: OwnedTarget['owner']): Place | Promise<Place> {
  const scopeId = idOf(target);
  if (!(capabilities as readonly string[]).includes(scopeId)) {
    throw missing('scope_id', `there is no capability ${scopeId}; known are ${capabilities.join(', ')}`);
  }
  if (owner === 'operator' && target.tenantId === undefined) return { scopeId, tenantId: null };
  return namedPlace(bound, target, owner);
}

// A server, an integration or a run may be stopped before anything is known of it here; the row counts for one tenant.
async function namedPlace(bound: Bound, target: SwitchTarget, owner: OwnedTarget['owner']): Promise<Place> {
  const scopeId = idOf(target);
  if (owner === 'tenant') return { scopeId, tenantId: bound.context.tenantId };
  if (target.tenantId === undefined) throw missing('tenant_id', `name in tenant_id whose ${target.scope} it is`);
  const { tenantId } = await tenantPlace(bound, target.tenantId);
  return { scopeId, tenantId };
}

function idOf({ scope, scopeId }: SwitchTarget): string {
  if (scopeId === undefined) throw missing('scope_id', `name the ${scope} in scope_id`);
  return scopeId;
}

const missing = (field: string, message: string) => refusal('validation_error', message, { details: { field } });
const noTenant = () => refusal('TENANT_NOT_FOUND', 'there is no such tenant');
