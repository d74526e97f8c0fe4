import { ChangedLimit, LimitBody, LimitKey, LimitPath, LimitView } from '../../contracts/api/rate-limits';
import { refusal } from '../../contracts/errors';
import { planeRate, type LimitedSubject, type Rate } from '../../contracts/rate-limits';
import type { RateLimit } from '../../prisma/generated/client';
import { findRateLimit, listRateLimits } from '../../prisma/reads/rate-limits';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';

const tag = 'Operator';
const permission = 'manage:tenants';

export function rateLimitRoutes({ dispatch, prisma, rates }: ApiServices): Route[] {
  const defaults: Readonly<Record<LimitedSubject, Rate>> = { ...rates, plane: planeRate };
  return [
    listRoute(
      {
        path: '/ops/rate-limits',
        operationId: 'ops.rate_limits.list',
        summary: 'The limits that differ from the defaults',
        tag,
        permission,
        item: LimitView,
        key: LimitKey,
      },
      async ({ page }) => mapPage(await listRateLimits(prisma, page), toOverrideView),
    ),
    route(
      {
        method: 'get',
        path: '/ops/rate-limits/{subject_type}/{subject_id}',
        operationId: 'ops.rate_limits.get',
        summary: 'The limit that applies to a tenant, a key or a plane',
        tag,
        permission,
        successStatus: 200,
        params: LimitPath,
        data: LimitView,
        errors: ['resource_not_found'],
      },
      async ({ params: { subject_type, subject_id } }) => {
        const found = await findRateLimit(prisma, subject_type, subject_id);
        if (found === undefined) throw refusal('NOT_FOUND', `there is no such ${subject_type}`);
        if (found.override !== null) return toOverrideView(found.override);
        const { requests, seconds } = defaults[subject_type];
        const unset = { reason: null, set_by: null, set_at: null };
        const tenant_id = found.tenantId;
        return { subject_type, subject_id, tenant_id, requests, seconds, source: 'default' as const, ...unset };
      },
    ),
    route(
      {
        method: 'post',
        path: '/ops/rate-limits',
        operationId: 'ops.rate_limits.set',
        summary: 'Give a tenant, a key or a plane a limit of its own; it holds from the next request on',
        tag,
        permission,
        successStatus: 200,
        body: LimitBody,
        examples: {
          'a key of its own pace': {
            subject_type: 'key',
            subject_id: 'key_0123456789abcdef',
            requests: 600,
            seconds: 60,
            reason: 'a batch at night',
          },
        },
        data: ChangedLimit,
        errors: ['resource_not_found', 'conflict', 'action_blocked'],
      },
      async ({ context, body, idempotencyKey }) => {
        const { subject_type: subjectType, subject_id: subjectId, ...rest } = body;
        const params = { subjectType, subjectId, ...rest };
        const changed = await dispatch(context, 'limits.rates.set', { params, idempotencyKey });
        const { tenantId, requests, seconds, auditEventId } = changed;
        return toChangedView({ subjectType, subjectId, tenantId, auditEventId }, { requests, seconds });
      },
    ),
    route(
      {
        method: 'delete',
        path: '/ops/rate-limits/{subject_type}/{subject_id}',
        operationId: 'ops.rate_limits.clear',
        summary: 'Take the limit of a subject away; the default holds again',
        tag,
        permission,
        successStatus: 200,
        params: LimitPath,
        data: ChangedLimit,
        errors: ['resource_not_found', 'conflict', 'action_blocked'],
      },
      async ({ context, params: { subject_type: subjectType, subject_id: subjectId }, idempotencyKey }) => {
        const params = { subjectType, subjectId };
        const changed = await dispatch(context, 'limits.rates.clear', { params, idempotencyKey });
        return toChangedView({ ...params, ...changed }, { requests: null, seconds: null });
      },
    ),
  ];
}

interface Changed {
  readonly subjectType: LimitedSubject;
  readonly subjectId: string;
  readonly tenantId: string;
  readonly auditEventId: string;
}

function toChangedView(
  { subjectType, subjectId, tenantId, auditEventId }: Changed,
  rate: { requests: number | null; seconds: number | null },
) {
  return {
    subject_type: subjectType,
    subject_id: subjectId,
    tenant_id: tenantId,
    ...rate,
    audit_event_id: auditEventId,
  };
}

function toOverrideView(row: RateLimit): LimitView {
  return {
    subject_type: row.subjectType as LimitedSubject,
    subject_id: row.subjectId,
    tenant_id: row.tenantId,
    requests: row.requests,
    seconds: row.seconds,
    source: 'override',
    reason: row.reason,
    set_by: row.setBy,
    set_at: row.setAt.toISOString(),
  };
}
