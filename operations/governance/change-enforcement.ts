import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { platformTenantId } from '../../contracts/execution-context';
import { enforcementModes, type EnforcementMode } from '../../contracts/modes';
import { identifier, text } from '../../contracts/text';
import { defineOperation, type Bound, type Work } from '../define';

const EnforcementParams = z.strictObject({
  tenantId: identifier,
  /** Absent for the mode of all operations that have none of their own. */
  operation: text(128).optional(),
  /** Null takes an operation's own mode away. */
  mode: z.enum(enforcementModes).nullable(),
  reason: text(1000),
});

/** Sets how strictly a tenant, or one of its operations, is held to its invariants. The caller never chooses it. */
export const changeEnforcement = defineOperation({
  name: 'governance.enforcement.change',
  permission: 'manage:tenants',
  params: EnforcementParams,
  fence: 'fenced',

  async loadFacts(work, { tenantId, operation }) {
    const tenant = await work.tx
      .selectFrom('tenants')
      .select('enforcement_mode')
      .where('tenant_id', '=', tenantId)
      .where('tenant_id', '<>', platformTenantId)
      .forUpdate()
      .executeTakeFirst();
    const own = operation === undefined ? undefined : await readOwnMode(work, tenantId, operation);
    return { tenantMode: tenant?.enforcement_mode, ownMode: own };
  },

  async handle(work, { params: { tenantId, operation, mode, reason }, facts: { tenantMode, ownMode } }) {
    if (tenantMode === undefined) throw refusal('TENANT_NOT_FOUND', 'there is no such tenant');
    if (operation === undefined) await setTenantMode(work, tenantId, requireMode(mode));
    else if (mode !== null) await setOwnMode(work, { tenantId, operation: known(work, operation), mode, reason });
    else if (ownMode === undefined) throw refusal('NOT_FOUND', 'the operation has no mode of its own');
    else await clearOwnMode(work, tenantId, operation);
    const auditEventId = work.audit({
      type: 'EnforcementModeChanged',
      outcome: 'success',
      resource: { type: 'tenant', id: tenantId },
      evidence: {
        tenant_id: tenantId,
        operation: operation ?? null,
        from: (operation === undefined ? tenantMode : ownMode) ?? null,
        to: mode,
        reason,
      },
    });
    return { tenantId, operation: operation ?? null, mode, auditEventId };
  },
});

async function readOwnMode({ tx }: Bound, tenantId: string, operation: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('tenant_operation_modes')
    .select('mode')
    .where('tenant_id', '=', tenantId)
    .where('operation', '=', operation)
    .executeTakeFirst();
  return row?.mode;
}

function requireMode(mode: EnforcementMode | null): EnforcementMode {
  if (mode !== null) return mode;
  throw refusal('validation_error', 'a tenant always has a mode; name one', { details: { field: 'mode' } });
}

// A mode for an operation that does not exist would look as if it held.
function known({ operations }: Work, operation: string): string {
  if (operations.includes(operation)) return operation;
  throw refusal('validation_error', 'there is no such operation', { details: { field: 'operation', operations } });
}

async function setTenantMode({ tx }: Bound, tenantId: string, mode: EnforcementMode): Promise<void> {
  await tx
    .updateTable('tenants')
    .set((eb) => ({ enforcement_mode: mode, updated_at: new Date(), version: eb('version', '+', 1) }))
    .where('tenant_id', '=', tenantId)
    .execute();
}

interface OwnMode {
  readonly tenantId: string;
  readonly operation: string;
  readonly mode: EnforcementMode;
  readonly reason: string;
}

async function setOwnMode({ tx, context }: Bound, { tenantId, operation, mode, reason }: OwnMode): Promise<void> {
  const change = { mode, reason, set_by: context.actor.id, updated_at: new Date() };
  await tx
    .insertInto('tenant_operation_modes')
    .values({ tenant_id: tenantId, operation, ...change })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'operation']).doUpdateSet(change))
    .execute();
}

async function clearOwnMode({ tx }: Bound, tenantId: string, operation: string): Promise<void> {
  await tx
    .deleteFrom('tenant_operation_modes')
    .where('tenant_id', '=', tenantId)
    .where('operation', '=', operation)
    .execute();
}
