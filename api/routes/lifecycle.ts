import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { CounterKey } from '../../contracts/api/common';
import { PlanePath } from '../../contracts/api/knowledge';
import {
  LifecycleAuditQuery,
  LifecycleEventView,
  PlaneStateView,
  StageView,
  TransitionBody,
  TransitionResult,
} from '../../contracts/api/lifecycle';
import { EventStreamQuery, FollowedEventView, ProgressView, StreamEndView } from '../../contracts/api/progress';
import { parsePosition, StreamPositionText, type StreamPosition } from '../../contracts/stream-position';
import { listLifecycleEvents } from '../../prisma/reads/audit';
import { findPlaneState, findStages } from '../../prisma/reads/lifecycle';
import { followPlane } from '../events/follow-plane';
import { listRoute, mapPage, route, streamRoute, type Route } from '../route';
import type { ApiServices } from '../services';
import { toLifecycleEventView, toStageViews, toStateView } from '../views/lifecycle';
import { planeNotFound } from './knowledge';

const tag = 'Lifecycle';

export function lifecycleRoutes({ dispatch, prisma, feeds, lookAtPlane }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/lifecycle/{plane_id}/state',
        operationId: 'lifecycle.state',
        summary: 'Where a plane stands, what works on it and what it waits for',
        tag,
        permission: 'read:planes',
        successStatus: 200,
        params: PlanePath,
        data: PlaneStateView,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const found = await findPlaneState(prisma, context.tenantId, params.plane_id);
        if (found === undefined) throw planeNotFound();
        return toStateView(found);
      },
    ),
    listRoute(
      {
        path: '/lifecycle/{plane_id}/stages',
        operationId: 'lifecycle.stages',
        summary: 'How far each of the five stages is',
        tag,
        permission: 'read:planes',
        params: PlanePath,
        item: StageView,
        key: z.never(),
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const rows = await findStages(prisma, context.tenantId, params.plane_id);
        if (rows === undefined) throw planeNotFound();
        return { rows: toStageViews(rows, new Date()), next: null as never };
      },
    ),
    listRoute(
      {
        path: '/lifecycle/{plane_id}/audit',
        operationId: 'lifecycle.audit',
        summary: 'What happened to a plane and was refused, newest first',
        tag,
        permission: 'read:audit',
        params: PlanePath,
        query: LifecycleAuditQuery,
        item: LifecycleEventView,
        key: CounterKey,
        errors: ['resource_not_found'],
      },
      async ({ context, params, query, page }) => {
        const filters = { planeId: params.plane_id, eventType: query.event_type };
        const found = await listLifecycleEvents(prisma, context.tenantId, { ...filters, ...page });
        if (found === undefined) throw planeNotFound();
        return mapPage(found, toLifecycleEventView);
      },
    ),
    streamRoute(
      {
        path: '/lifecycle/{plane_id}/events',
        operationId: 'lifecycle.events',
        summary: 'What happens to a plane from now on, or from an event on, and how far its stages are, as it happens',
        tag,
        permission: 'read:planes',
        params: PlanePath,
        query: EventStreamQuery,
        events: { lifecycle: FollowedEventView, 'job.progress.updated': ProgressView, end: StreamEndView },
        errors: ['resource_not_found', 'rate_limited'],
      },
      async ({ context: { tenantId }, params: { plane_id: planeId }, query, lastEventId, signal }) => {
        const wanted = readPosition(lastEventId ?? query.last_event_id);
        const now = await lookAtPlane(tenantId, planeId, undefined);
        if (now === undefined) throw planeNotFound();
        // A place that no event can have had comes from another database: what was there is not known here.
        const after = wanted === undefined || wanted.xact > now.next.xact ? now.next : wanted;
        return followPlane({ feeds, look: lookAtPlane, tenantId, planeId, after, signal });
      },
    ),
    route(
      {
        method: 'post',
        path: '/lifecycle/{plane_id}/transition',
        operationId: 'lifecycle.transition',
        summary: 'Ask for an action on a plane; what needs work is carried out by a job',
        tag,
        permission: 'write:planes',
        successStatus: 200,
        params: PlanePath,
        body: TransitionBody,
        examples: {
          'the first step of a drafted plane': { action: 'verify_knowledge_plane' },
          'open a plane for questions': { action: 'activate_knowledge_plane', reason: 'reviewed' },
          'repeat the job that failed': { action: 'retry_knowledge_plane', reason: 'folder corrected' },
        },
        data: TransitionResult,
        errors: [
          ...(['resource_not_found', 'invalid_state', 'unsupported_operation', 'conflict'] as const),
          ...(['policy_violation', 'action_blocked', 'tenant_suspended'] as const),
        ],
      },
      async ({ context, params, body, idempotencyKey }) => {
        const done = await dispatch(context, 'knowledge.planes.transition', {
          params: { planeId: params.plane_id, ...body },
          idempotencyKey,
        });
        return {
          plane_id: done.planeId,
          from_state: done.fromState,
          to_state: done.toState,
          action: done.action,
          gate_result: done.gateResult,
          job_id: done.jobId,
          audit_event_id: done.auditEventId,
          reason: body.reason ?? null,
        };
      },
    ),
  ];
}

function readPosition(text: string | undefined): StreamPosition | undefined {
  if (text === undefined || text === '') return undefined;
  const parsed = StreamPositionText.safeParse(text);
  if (parsed.success) return parsePosition(parsed.data);
  throw refusal('validation_error', 'the header Last-Event-ID takes the id of an event of this stream', {
    details: { field: 'last-event-id' },
  });
}
