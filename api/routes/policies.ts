import { z } from 'zod';
import { TimeKey } from '../../contracts/api/common';
import {
  PolicyLifecycleBody,
  PolicyLifecycleResult,
  PolicyPath,
  PolicyView,
  ShadowQuery,
  ShadowView,
  SnapshotDetail,
  SnapshotPath,
  SnapshotView,
} from '../../contracts/api/policies';
import { refusal } from '../../contracts/errors';
import { PolicyDefinition } from '../../contracts/policies';
import { isPermitted } from '../../contracts/roles';
import { findPolicy, findSnapshot, listPolicies, listSnapshots } from '../../prisma/reads/policies';
import { countShadow } from '../../prisma/reads/policy-shadow';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices, Caller } from '../services';
import { toDraftedView, toPolicyView, toSnapshotView } from '../views/policy';

const tag = 'Policies';
const SnapshotKey = z.int().min(1);

export function policyRoutes(services: ApiServices): Route[] {
  // Snapshots first: their path would also match that of a policy.
  return [...snapshotRoutes(services), ...definitionRoutes(services)];
}

function definitionRoutes({ dispatch, prisma }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/policies',
        operationId: 'policies.create',
        summary: 'Draft a policy; it counts once it is activated',
        tag,
        permission: 'manage:policies',
        successStatus: 201,
        body: PolicyDefinition,
        examples: {
          'open one plane to questions': {
            name: 'handbook readers',
            enforcement_mode: 'BLOCK',
            conditions: { allowed_plane_ids: ['kp_0123456789ab'] },
          },
        },
        data: PolicyView,
        errors: ['conflict', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, body, idempotencyKey }) => {
        const { policyId } = await dispatch(context, 'policies.create', { params: body, idempotencyKey });
        const policy = await findPolicy(prisma, context.tenantId, policyId);
        if (policy === null) throw new Error(`policy ${policyId} cannot be read after it was made`);
        return toDraftedView(policy);
      },
    ),
    listRoute(
      {
        path: '/policies',
        operationId: 'policies.list',
        summary: 'The policies of the tenant, newest first',
        tag,
        permission: 'read:policies',
        item: PolicyView,
        key: TimeKey,
      },
      async ({ context, page }) => mapPage(await listPolicies(prisma, context.tenantId, page), toPolicyView),
    ),
    route(
      {
        method: 'get',
        path: '/policies/{policy_id}',
        operationId: 'policies.get',
        summary: 'One policy',
        tag,
        permission: 'read:policies',
        successStatus: 200,
        params: PolicyPath,
        data: PolicyView,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const policy = await findPolicy(prisma, context.tenantId, params.policy_id);
        if (policy === null) throw refusal('NOT_FOUND', 'there is no such policy');
        return toPolicyView(policy);
      },
    ),
    route(
      {
        method: 'get',
        path: '/policies/{policy_id}/shadow',
        operationId: 'policies.shadow',
        summary: 'What a policy in WARN or AUDIT said of the calls of tools that it let pass, counted',
        tag,
        permission: 'read:policies',
        successStatus: 200,
        params: PolicyPath,
        query: ShadowQuery,
        data: ShadowView,
        errors: ['resource_not_found'],
      },
      async ({ context, params, query }) => {
        const { tenantId } = context;
        const policy = await findPolicy(prisma, tenantId, params.policy_id);
        if (policy === null) throw refusal('NOT_FOUND', 'there is no such policy');
        return countShadow(prisma, tenantId, { policyId: params.policy_id, ...periodOf(query) });
      },
    ),
    route(
      {
        method: 'post',
        path: '/policies/{policy_id}/lifecycle',
        operationId: 'policies.lifecycle',
        summary: 'Activate, suspend or retire a policy; this seals a new snapshot',
        tag,
        permission: 'manage:policies',
        successStatus: 200,
        params: PolicyPath,
        body: PolicyLifecycleBody,
        examples: { 'let it count': { target: 'ACTIVE', reason: 'reviewed' } },
        data: PolicyLifecycleResult,
        errors: ['resource_not_found', 'invalid_state', 'conflict', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, params, body, idempotencyKey }) => {
        const moved = await dispatch(context, 'policies.lifecycle', {
          params: { policyId: params.policy_id, ...body },
          idempotencyKey,
        });
        return {
          policy_id: moved.policyId,
          from_state: moved.from,
          to_state: moved.to,
          status: moved.to,
          reason: body.reason,
          audit_event_id: moved.auditEventId,
          policy_snapshot_id: moved.snapshotId,
        };
      },
    ),
  ];
}

function snapshotRoutes({ dispatch, prisma }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/policies/snapshots',
        operationId: 'policies.snapshots.create',
        summary: 'Seal the active policies and open bindings as the new active snapshot',
        tag,
        permission: 'manage:policies',
        successStatus: 201,
        body: z.strictObject({}),
        examples: { nothing: {} },
        data: SnapshotView,
        errors: ['conflict', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, idempotencyKey }) => {
        const sealed = await dispatch(context, 'policies.snapshots.create', { params: {}, idempotencyKey });
        const found = await findSnapshot(prisma, context.tenantId, sealed.snapshotId);
        if (found === undefined) throw new Error(`snapshot ${sealed.snapshotId} cannot be read after it was sealed`);
        // As it was sealed: a repeated call gets an equal answer though another may be active by now.
        return toSnapshotView({ ...found, status: 'active' });
      },
    ),
    listRoute(
      {
        path: '/policies/snapshots',
        operationId: 'policies.snapshots.list',
        summary: 'The sealed snapshots, newest first; one is active',
        tag,
        permission: 'read:policies',
        item: SnapshotView,
        key: SnapshotKey,
      },
      async ({ context, page }) => mapPage(await listSnapshots(prisma, context.tenantId, page), toSnapshotView),
    ),
    route(
      {
        method: 'get',
        path: '/policies/snapshots/{snapshot_id}',
        operationId: 'policies.snapshots.get',
        summary: 'One snapshot; its sealed content for those who manage policies or check the audit',
        tag,
        permission: 'read:policies',
        successStatus: 200,
        params: SnapshotPath,
        data: SnapshotDetail,
        errors: ['resource_not_found'],
      },
      async ({ context, caller, params }) => {
        const found = await findSnapshot(prisma, context.tenantId, params.snapshot_id);
        if (found === undefined) throw refusal('NOT_FOUND', 'there is no such snapshot');
        const isShown = mayReadContent(caller);
        return {
          ...toSnapshotView(found),
          policies_json: isShown ? found.snapshot.policiesJson : null,
          thresholds_json: isShown ? found.snapshot.thresholdsJson : null,
        };
      },
    ),
  ];
}

function mayReadContent({ roles }: Caller): boolean {
  return isPermitted(roles, 'manage:policies') || isPermitted(roles, 'read:audit_payload');
}

const shadowDaysDefault = 7;

function periodOf({ since, until }: z.output<typeof ShadowQuery>): { readonly since: Date; readonly until: Date } {
  const end = until === undefined ? new Date() : new Date(until);
  return {
    until: end,
    since: since === undefined ? new Date(end.getTime() - shadowDaysDefault * 86_400_000) : new Date(since),
  };
}
