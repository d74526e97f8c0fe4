import { TimeKey } from '../../contracts/api/common';
import { EffectPath, EffectQuery, EffectResolutionView, EffectView, ResolveBody } from '../../contracts/api/effects';
import { listEffects } from '../../prisma/reads/effects';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toEffectView } from '../views/effect';

const tag = 'Governance';

export function effectRoutes({ dispatch, prisma }: ApiServices): Route[] {
  return [
    listRoute(
      {
        path: '/effects',
        operationId: 'effects.list',
        summary: 'What was about to leave the house and what became of it, newest first',
        tag,
        permission: 'read:audit',
        query: EffectQuery,
        item: EffectView,
        key: TimeKey,
      },
      async ({ context, page, query }) =>
        mapPage(await listEffects(prisma, context.tenantId, { status: query.status, page }), toEffectView),
    ),
    route(
      {
        method: 'post',
        path: '/effects/{intent_id}/resolve',
        operationId: 'effects.resolve',
        summary: 'Say what became of an effect whose outcome nobody knows',
        tag,
        permission: 'write:effects',
        successStatus: 200,
        params: EffectPath,
        body: ResolveBody,
        examples: { 'one that was found at the far side': { outcome: 'succeeded', reason: 'the ticket is there' } },
        data: EffectResolutionView,
        errors: ['resource_not_found', 'invalid_state', 'conflict'],
      },
      async ({ context, params, body, idempotencyKey }) => {
        const { intentId, outcome, reason, resolvedBy } = await dispatch(context, 'governance.effects.resolve', {
          params: { intentId: params.intent_id, ...body },
          idempotencyKey,
        });
        return { intent_id: intentId, outcome, reason, resolved_by: resolvedBy };
      },
    ),
  ];
}
