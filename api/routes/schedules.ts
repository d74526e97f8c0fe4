import { PlanePath } from '../../contracts/api/knowledge';
import { DeletedSchedule, EnabledSchedule, ScheduleView, SetSchedule } from '../../contracts/api/schedules';
import { refusal } from '../../contracts/errors';
import { ScheduleDefinition } from '../../contracts/schedules';
import { planeScheduleId } from '../../contracts/workflow-ids';
import { findPlaneSchedule } from '../../prisma/reads/schedules';
import { route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toScheduleView } from '../views/schedule';

const path = '/planes/{plane_id}/sync-schedule';
const common = { tag: 'Knowledge planes', successStatus: 200, params: PlanePath } as const;
const writeErrors = ['resource_not_found', 'invalid_state', 'conflict', 'action_blocked', 'tenant_suspended'] as const;

export function scheduleRoutes(services: ApiServices): Route[] {
  const { dispatch } = services;
  return [
    route(
      {
        ...common,
        method: 'put',
        path,
        operationId: 'planes.schedule.set',
        summary: 'Have the plane read again by a clock in UTC, as far as your key may at that time',
        permission: 'write:planes',
        body: ScheduleDefinition,
        examples: {
          'every hour': { interval_seconds: 3600 },
          'at half past two each night': { cron: '30 2 * * *', overlap: 'SKIP' },
        },
        data: SetSchedule,
        errors: writeErrors,
      },
      async ({ context, params, body, idempotencyKey }) => {
        const done = await dispatch(context, 'knowledge.schedules.set', {
          params: { planeId: params.plane_id, definition: body },
          idempotencyKey,
        });
        return {
          schedule_id: done.scheduleId,
          plane_id: done.planeId,
          created: done.created,
          audit_event_id: done.auditEventId,
        };
      },
    ),
    readRoute(services),
    route(
      {
        ...common,
        method: 'delete',
        path,
        operationId: 'planes.schedule.delete',
        summary: 'End the schedule, and what its run is doing',
        permission: 'write:planes',
        data: DeletedSchedule,
        errors: writeErrors,
      },
      async ({ context, params, idempotencyKey }) => {
        const done = await dispatch(context, 'knowledge.schedules.delete', {
          params: { planeId: params.plane_id },
          idempotencyKey,
        });
        return {
          schedule_id: done.scheduleId,
          plane_id: done.planeId,
          deleted: true as const,
          audit_event_id: done.auditEventId,
        };
      },
    ),
    enableRoute(services, { verb: 'pause', enabled: false, summary: 'Take no more turns until it is resumed' }),
    enableRoute(services, { verb: 'resume', enabled: true, summary: 'Take turns again' }),
  ];
}

function readRoute({ prisma, readSchedule, logger }: ApiServices): Route {
  return route(
    {
      ...common,
      method: 'get',
      path,
      operationId: 'planes.schedule.get',
      summary: 'The schedule of the plane, its next turn and how the last one came out',
      permission: 'read:planes',
      data: ScheduleView,
      errors: ['resource_not_found'],
    },
    async ({ context, params: { plane_id: planeId } }) => {
      const row = await findPlaneSchedule(prisma, context.tenantId, planeId);
      if (row === undefined) throw refusal('PLANE_NOT_FOUND', 'there is no such plane; list yours with GET /planes');
      if (row === null) throw refusal('NOT_FOUND', 'the plane has no schedule');
      const engine = await readSchedule(planeScheduleId(context.tenantId, planeId)).catch((error: unknown) => {
        logger.warn({ err: error }, 'the next turn of a schedule cannot be told');
        return undefined;
      });
      return toScheduleView(row, engine);
    },
  );
}

interface EnableRoute {
  readonly verb: 'pause' | 'resume';
  readonly enabled: boolean;
  readonly summary: string;
}

function enableRoute({ dispatch }: ApiServices, { verb, enabled, summary }: EnableRoute): Route {
  return route(
    {
      ...common,
      method: 'post',
      path: `${path}/${verb}`,
      operationId: `planes.schedule.${verb}`,
      summary,
      permission: 'write:planes',
      data: EnabledSchedule,
      errors: writeErrors,
    },
    async ({ context, params, idempotencyKey }) => {
      const done = await dispatch(context, 'knowledge.schedules.enable', {
        params: { planeId: params.plane_id, enabled },
        idempotencyKey,
      });
      return {
        schedule_id: done.scheduleId,
        plane_id: done.planeId,
        enabled: done.enabled,
        audit_event_id: done.auditEventId,
      };
    },
  );
}
