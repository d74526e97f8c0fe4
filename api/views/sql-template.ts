import type { SqlTemplateView } from '../../contracts/api/sql-templates';
import type { SqlColumns, SqlParameters } from '../../contracts/sql-templates';
import type { SqlTemplate } from '../../prisma/generated/client';
import { isoOrNull } from './time';

export function toSqlTemplateView(template: SqlTemplate): SqlTemplateView {
  return {
    template_id: template.templateId,
    name: template.name,
    template_version: template.templateVersion,
    description: template.description,
    connection_ref: template.connectionRef,
    sql: template.sql,
    parameters: template.parameters as SqlParameters,
    columns: template.columns as SqlColumns,
    content_hash: template.contentHash,
    status: template.status as SqlTemplateView['status'],
    created_by: template.createdBy,
    created_at: template.createdAt.toISOString(),
    retired_by: template.retiredBy,
    retired_at: isoOrNull(template.retiredAt),
  };
}

/** The template as it was registered, though it may be retired by now: a repeated call gets an equal answer. */
export function toRegisteredTemplateView(template: SqlTemplate): SqlTemplateView {
  return toSqlTemplateView({ ...template, status: 'active', retiredBy: null, retiredAt: null });
}
