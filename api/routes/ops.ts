import { CreatedTenant, TenantBody } from '../../contracts/api/identity';
import { route, type Route } from '../route';
import type { ApiServices } from '../services';

export function opsRoutes({ dispatch }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/ops/tenants',
        operationId: 'ops.tenants.create',
        summary: 'Make a tenant and its first admin key, which is shown once',
        tag: 'Operator',
        permission: 'manage:tenants',
        successStatus: 201,
        body: TenantBody,
        examples: { 'a tenant': { name: 'Acme' } },
        data: CreatedTenant,
        errors: ['conflict', 'action_blocked'],
      },
      async ({ context, body, idempotencyKey }) => {
        const made = await dispatch(context, 'identity.tenants.create', { params: body, idempotencyKey });
        return { tenant_id: made.tenantId, name: made.name, admin_key: made.adminKey };
      },
    ),
  ];
}
