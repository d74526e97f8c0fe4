import { TimeKey } from '../../contracts/api/common';
import { BindBody, BindingChange, PlanePath, PlaneView } from '../../contracts/api/knowledge';
import { refusal } from '../../contracts/errors';
import { findRegistration, listPlanes } from '../../prisma/reads/planes';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toPlaneView, toRegisteredView } from '../views/plane';
import { planeExamples } from './plane-examples';
import { reachablePlane } from './reachable-plane';

const tag = 'Knowledge planes';

export function knowledgeRoutes({ dispatch, prisma, readPlane, mayBeNamed }: ApiServices): Route[] {
  async function showPlane(tenantId: string, planeId: string): Promise<PlaneView> {
    const found = await readPlane(tenantId, planeId);
    if (found === undefined) throw planeNotFound();
    return toPlaneView(found);
  }

  return [
    route(
      {
        method: 'post',
        path: '/planes',
        operationId: 'planes.register',
        summary: 'Register a plane with its sources; with `onboard` it goes on to PENDING_ACTIVATE by itself',
        tag,
        permission: 'write:planes',
        successStatus: 201,
        body: reachablePlane(mayBeNamed),
        examples: planeExamples,
        data: PlaneView,
        errors: ['conflict', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, body, idempotencyKey }) => {
        const { planeId } = await dispatch(context, 'knowledge.planes.register', { params: body, idempotencyKey });
        const found = await findRegistration(prisma, context.tenantId, planeId);
        if (found === undefined) throw new Error(`plane ${planeId} cannot be read after its registration`);
        return toRegisteredView(found.parts, found.firstJobId);
      },
    ),
    listRoute(
      {
        path: '/planes',
        operationId: 'planes.list',
        summary: 'The planes of the tenant, newest first',
        tag,
        permission: 'read:planes',
        item: PlaneView,
        key: TimeKey,
      },
      async ({ context, page }) => mapPage(await listPlanes(prisma, context.tenantId, page), toPlaneView),
    ),
    route(
      {
        method: 'get',
        path: '/planes/{plane_id}',
        operationId: 'planes.get',
        summary: 'One plane',
        tag,
        permission: 'read:planes',
        successStatus: 200,
        params: PlanePath,
        data: PlaneView,
        errors: ['resource_not_found'],
      },
      ({ context, params }) => showPlane(context.tenantId, params.plane_id),
    ),
    ...(['bind', 'unbind'] as const).map((verb) =>
      route(
        {
          method: 'post',
          path: `/planes/{plane_id}/${verb}-policy`,
          operationId: `planes.${verb}_policy`,
          summary:
            verb === 'bind'
              ? 'Bind an ACTIVE policy to a plane; this seals a new snapshot'
              : 'Take a policy off a plane; this seals a new snapshot',
          tag,
          permission: 'manage:policies',
          successStatus: 200,
          params: PlanePath,
          body: BindBody,
          examples: { 'one policy': { policy_id: 'pol_0123456789ab' } },
          data: BindingChange,
          errors: ['resource_not_found', 'invalid_state', 'conflict', 'action_blocked', 'tenant_suspended'],
        },
        async ({ context, params, body, idempotencyKey }) => {
          const changed = await dispatch(context, `knowledge.planes.${verb}_policy`, {
            params: { planeId: params.plane_id, policyId: body.policy_id },
            idempotencyKey,
          });
          return {
            plane_id: changed.planeId,
            policy_id: changed.policyId,
            audit_event_id: changed.auditEventId,
            policy_snapshot_id: changed.snapshotId,
            plane: await showPlane(context.tenantId, changed.planeId),
          };
        },
      ),
    ),
  ];
}

export function planeNotFound() {
  return refusal('PLANE_NOT_FOUND', 'there is no such plane; list yours with GET /planes');
}
