import { TimeKey } from '../../contracts/api/common';
import { RetiredSqlTemplate, SqlTemplatePath, SqlTemplateView } from '../../contracts/api/sql-templates';
import { refusal } from '../../contracts/errors';
import { SqlTemplateDefinition } from '../../contracts/sql-templates';
import { findSqlTemplate, listSqlTemplates } from '../../prisma/reads/sql-templates';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toRegisteredTemplateView, toSqlTemplateView } from '../views/sql-template';

const tag = 'SQL templates';

export function sqlTemplateRoutes({ dispatch, prisma }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/sql-templates',
        operationId: 'sql_templates.create',
        summary: 'Register a read-only SQL text as the next version of its name; it never changes',
        tag,
        permission: 'write:connectors',
        successStatus: 201,
        body: SqlTemplateDefinition,
        examples: {
          'changed articles of the tenant': {
            name: 'articles',
            sql: 'select id, title, body from articles where tenant = :tenant_id and changed >= :since',
            parameters: { since: { type: 'date', default: '2026-01-01' } },
            columns: { id: 'id', content: 'body', content_format: 'markdown', metadata: ['title'] },
          },
        },
        data: SqlTemplateView,
        errors: ['conflict', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, body, idempotencyKey }) => {
        const { templateId } = await dispatch(context, 'sql_templates.create', { params: body, idempotencyKey });
        const template = await findSqlTemplate(prisma, context.tenantId, templateId);
        if (template === null) throw new Error(`SQL template ${templateId} cannot be read after it was made`);
        return toRegisteredTemplateView(template);
      },
    ),
    listRoute(
      {
        path: '/sql-templates',
        operationId: 'sql_templates.list',
        summary: 'The SQL templates of the tenant, newest first',
        tag,
        permission: 'read:connectors',
        item: SqlTemplateView,
        key: TimeKey,
      },
      async ({ context, page }) => mapPage(await listSqlTemplates(prisma, context.tenantId, page), toSqlTemplateView),
    ),
    route(
      {
        method: 'get',
        path: '/sql-templates/{template_id}',
        operationId: 'sql_templates.get',
        summary: 'One SQL template',
        tag,
        permission: 'read:connectors',
        successStatus: 200,
        params: SqlTemplatePath,
        data: SqlTemplateView,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const template = await findSqlTemplate(prisma, context.tenantId, params.template_id);
        if (template === null) throw refusal('NOT_FOUND', 'there is no such SQL template');
        return toSqlTemplateView(template);
      },
    ),
    route(
      {
        method: 'delete',
        path: '/sql-templates/{template_id}',
        operationId: 'sql_templates.retire',
        summary: 'Retire an SQL template: no source reads with it any more',
        tag,
        permission: 'write:connectors',
        successStatus: 200,
        params: SqlTemplatePath,
        data: RetiredSqlTemplate,
        errors: ['resource_not_found', 'conflict', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, params, idempotencyKey }) => {
        const retired = await dispatch(context, 'sql_templates.retire', {
          params: { templateId: params.template_id },
          idempotencyKey,
        });
        return { template_id: retired.templateId, retired: true as const, audit_event_id: retired.auditEventId };
      },
    ),
  ];
}
