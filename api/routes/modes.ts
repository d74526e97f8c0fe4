import {
  EnforcementBody,
  EnforcementChange,
  EnforcementView,
  OperationModePath,
  TenantPath,
} from '../../contracts/api/modes';
import { refusal } from '../../contracts/errors';
import type { EnforcementMode } from '../../contracts/modes';
import { findTenantModes } from '../../prisma/reads/modes';
import { route, type Route } from '../route';
import type { ApiServices } from '../services';

const tag = 'Operator';
const writeErrors = ['resource_not_found', 'conflict', 'action_blocked'] as const;

export function modeRoutes({ dispatch, prisma }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/ops/tenants/{tenant_id}/modes',
        operationId: 'ops.tenants.modes.get',
        summary: 'How strictly a tenant and its operations are held to their invariants',
        tag,
        permission: 'manage:tenants',
        successStatus: 200,
        params: TenantPath,
        data: EnforcementView,
        errors: ['resource_not_found'],
      },
      async ({ params: { tenant_id } }) => {
        const modes = await findTenantModes(prisma, tenant_id);
        if (modes === undefined) throw refusal('TENANT_NOT_FOUND', 'there is no such tenant');
        return {
          tenant_id,
          mode: modes.mode as EnforcementMode,
          operations: modes.operations.map(({ operation, mode, reason, setBy, updatedAt }) => ({
            operation,
            mode: mode as EnforcementMode,
            reason,
            set_by: setBy,
            updated_at: updatedAt.toISOString(),
          })),
        };
      },
    ),
    route(
      {
        method: 'put',
        path: '/ops/tenants/{tenant_id}/modes',
        operationId: 'ops.tenants.modes.set',
        summary: 'Set the mode of a tenant, or of one of its operations',
        tag,
        permission: 'manage:tenants',
        successStatus: 200,
        params: TenantPath,
        body: EnforcementBody,
        examples: {
          'all operations of the tenant': { mode: 'STRICT', reason: 'audit week' },
          'one operation': { mode: 'MONITOR', operation: 'policies.lifecycle', reason: 'watching before enforcing' },
        },
        data: EnforcementChange,
        errors: writeErrors,
      },
      async ({ context, params, body, idempotencyKey }) =>
        toChange(
          await dispatch(context, 'governance.enforcement.change', {
            params: { tenantId: params.tenant_id, ...body },
            idempotencyKey,
          }),
        ),
    ),
    route(
      {
        method: 'delete',
        path: '/ops/tenants/{tenant_id}/modes/{operation}',
        operationId: 'ops.tenants.modes.clear',
        summary: 'Take away the mode of one operation, so that the mode of its tenant holds',
        tag,
        permission: 'manage:tenants',
        successStatus: 200,
        params: OperationModePath,
        data: EnforcementChange,
        errors: writeErrors,
      },
      async ({ context, params: { tenant_id: tenantId, operation }, idempotencyKey }) =>
        toChange(
          await dispatch(context, 'governance.enforcement.change', {
            params: { tenantId, operation, mode: null, reason: 'back to the mode of the tenant' },
            idempotencyKey,
          }),
        ),
    ),
  ];
}

interface Changed {
  readonly tenantId: string;
  readonly operation: string | null;
  readonly mode: EnforcementMode | null;
  readonly auditEventId: string;
}

function toChange({ tenantId, operation, mode, auditEventId }: Changed) {
  return { tenant_id: tenantId, operation, mode, audit_event_id: auditEventId };
}
