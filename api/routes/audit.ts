import { AuditEventView, AuditQuery } from '../../contracts/api/audit';
import { CounterKey } from '../../contracts/api/common';
import { refusal } from '../../contracts/errors';
import { isPermitted } from '../../contracts/roles';
import { listAuditEvents, type AuditFilters } from '../../prisma/reads/audit';
import { listRoute, mapPage, type Route } from '../route';
import type { ApiServices } from '../services';
import { toAuditEventView, toAuditPayloadView } from '../views/audit-event';

export function auditRoutes({ prisma, auditDoor }: ApiServices): Route[] {
  return [
    listRoute(
      {
        path: '/audit/events',
        operationId: 'audit.events',
        summary: 'What happened and what was refused, newest first; `include=payload` adds the hashed bytes',
        tag: 'Audit',
        permission: 'read:audit',
        query: AuditQuery,
        item: AuditEventView,
        key: CounterKey,
      },
      async ({ context, caller, query, page }) => {
        const withPayload = query.include === 'payload';
        if (withPayload && !isPermitted(caller.roles, 'read:audit_payload')) {
          const refused = refusal('ACCESS_DENIED', 'payloads need the permission read:audit_payload', {
            details: { permission: 'read:audit_payload' },
          });
          await auditDoor(context, refused, 'audit.events');
          throw refused;
        }
        const filters = toFilters(query);
        const found = await listAuditEvents(prisma, context.tenantId, { filters, withPayload, ...page });
        return mapPage(found, withPayload ? toAuditPayloadView : toAuditEventView);
      },
    ),
  ];
}

function toFilters(query: AuditQuery): AuditFilters {
  return {
    eventType: query.event_type,
    category: query.category,
    outcome: query.outcome,
    planeId: query.plane_id,
    jobId: query.job_id,
    runId: query.run_id,
    requestId: query.request_id,
    actorId: query.actor_id,
    since: query.since,
    until: query.until,
  };
}
