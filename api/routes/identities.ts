import { TimeKey } from '../../contracts/api/common';
import { BlockBody, ChangedIdentity, IdentityPath, IdentityView } from '../../contracts/api/identities';
import { listIdentities } from '../../prisma/reads/identities';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toIdentityView } from '../views/identity';

const tag = 'Identities';

export function identityRoutes({ dispatch, prisma }: ApiServices): Route[] {
  const change = (verb: 'block' | 'unblock', summary: string, examples: Readonly<Record<string, { reason: string }>>) =>
    route(
      {
        method: 'post',
        path: `/identities/{identity_id}/${verb}`,
        operationId: `identities.${verb}`,
        ...{ summary, tag, examples },
        permission: 'manage:users',
        successStatus: 200,
        params: IdentityPath,
        body: BlockBody,
        data: ChangedIdentity,
        errors: ['resource_not_found', 'invalid_state', 'conflict', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, params, body, idempotencyKey }) => {
        const changed = await dispatch(context, `identity.identities.${verb}`, {
          params: { identityId: params.identity_id, reason: body.reason },
          idempotencyKey,
        });
        return {
          identity_id: changed.identityId,
          status: changed.status,
          audit_event_id: changed.auditEventId,
        };
      },
    );
  return [
    listRoute(
      {
        path: '/identities',
        operationId: 'identities.list',
        summary: 'Who came by tokens of an identity provider, last known first',
        tag,
        permission: ['manage:users', 'read:users'],
        item: IdentityView,
        key: TimeKey,
      },
      async ({ context, page }) =>
        mapPage(await listIdentities(prisma, context.tenantId, { ...page, now: new Date() }), toIdentityView),
    ),
    change('block', 'Shut an identity out at once, with all that its tokens began', {
      'somebody who has left': { reason: 'left the company' },
    }),
    change('unblock', 'Let an identity come in again', { 'a mistake': { reason: 'it was another one' } }),
  ];
}
