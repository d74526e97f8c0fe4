import { TimeKey } from '../../contracts/api/common';
import { CreatedKey, KeyBody, KeyPath, KeyView, RevokedKey } from '../../contracts/api/identity';
import { listApiKeys } from '../../prisma/reads/api-keys';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toKeyView } from '../views/api-key';

const tag = 'API keys';

export function apiKeyRoutes({ dispatch, prisma }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/api-keys',
        operationId: 'api_keys.create',
        summary: 'Make a key for the tenant; it is shown once',
        tag,
        permission: 'manage:keys',
        successStatus: 201,
        body: KeyBody,
        examples: { 'a key that may ask': { name: 'assistant', role: 'agent', expires_at: '2027-01-31T00:00:00Z' } },
        data: CreatedKey,
        errors: ['conflict', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, body, idempotencyKey }) => {
        const made = await dispatch(context, 'identity.keys.create', { params: body, idempotencyKey });
        return {
          key_id: made.keyId,
          key: made.key,
          name: made.name,
          role: made.role,
          expires_at: made.expiresAt,
          audit_event_id: made.auditEventId,
        };
      },
    ),
    listRoute(
      {
        path: '/api-keys',
        operationId: 'api_keys.list',
        summary: 'The keys of the tenant without their secrets, newest first',
        tag,
        permission: ['manage:keys', 'read:keys'],
        item: KeyView,
        key: TimeKey,
      },
      async ({ context, page }) => {
        const now = new Date();
        return mapPage(await listApiKeys(prisma, context.tenantId, page), (row) => toKeyView(row, now));
      },
    ),
    route(
      {
        method: 'delete',
        path: '/api-keys/{key_id}',
        operationId: 'api_keys.revoke',
        summary: 'End a key at once, also for work that runs under it',
        tag,
        permission: 'manage:keys',
        successStatus: 200,
        params: KeyPath,
        data: RevokedKey,
        errors: ['resource_not_found', 'conflict'],
      },
      async ({ context, params, idempotencyKey }) => {
        const revoked = await dispatch(context, 'identity.keys.revoke', {
          params: { keyId: params.key_id },
          idempotencyKey,
        });
        return { key_id: revoked.keyId, revoked: true as const, audit_event_id: revoked.auditEventId };
      },
    ),
  ];
}
