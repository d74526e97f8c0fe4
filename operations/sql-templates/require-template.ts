import { refusal } from '../../contracts/errors';
import { bindSqlValues, type SqlParameters, type SqlSourceConfig } from '../../contracts/sql-templates';
import type { Bound } from '../define';

export function templateNotFound() {
  return refusal('NOT_FOUND', 'there is no such active SQL template; list yours with GET /sql-templates');
}

/** Refuses a source whose template is not there, belongs to another connection, or would not take its parameters. */
export async function requireTemplate({ tx }: Bound, config: SqlSourceConfig): Promise<void> {
  const template = await tx
    .selectFrom('sql_templates')
    .select(['connection_ref', 'parameters'])
    .where('template_id', '=', config.template_id)
    .where('status', '=', 'active')
    .executeTakeFirst();
  if (template === undefined) throw templateNotFound();
  if (template.connection_ref !== null && template.connection_ref !== config.connection_ref) {
    throw refusal('validation_error', `the template belongs to the connection ${template.connection_ref}`, {
      details: { field: 'connection_ref' },
    });
  }
  const bound = bindSqlValues(template.parameters as SqlParameters, config.params);
  if ('issue' in bound) {
    const { name, message } = bound.issue;
    throw refusal('validation_error', `params.${name}: ${message}`, { details: { field: `params.${name}` } });
  }
}
