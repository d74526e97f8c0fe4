import { sql } from 'kysely';
import { SqlTemplateDefinition } from '../../contracts/sql-templates';
import { defineOperation } from '../define';
import { newId } from '../ids';
import { digestOf } from '../transaction/canonical';
import { compileTemplate } from './compile-template';

/** Records a template as the next version of its name. It never changes; sources name it by id. */
export const registerTemplate = defineOperation({
  name: 'sql_templates.create',
  permission: 'write:connectors',
  params: SqlTemplateDefinition,
  fence: 'fenced',

  async loadFacts({ tx, context }, { name }) {
    // One registration at a time per tenant: versions count up without gaps.
    await sql`select 1 from tenants where tenant_id = ${context.tenantId} for no key update`.execute(tx);
    const last = await tx
      .selectFrom('sql_templates')
      .select(sql<number>`coalesce(max(template_version), 0)::int`.as('version'))
      .where('name', '=', name)
      .executeTakeFirst();
    return { version: (last?.version ?? 0) + 1 };
  },

  async handle(work, { params, facts: { version } }) {
    const { statement, parameterOrder } = await compileTemplate(params);
    const templateId = newId('sqlt_');
    const contentHash = digestOf(params);
    await work.tx
      .insertInto('sql_templates')
      .values({
        template_id: templateId,
        tenant_id: work.context.tenantId,
        name: params.name,
        template_version: version,
        description: params.description ?? null,
        connection_ref: params.connection_ref ?? null,
        sql: params.sql,
        statement,
        parameter_order: [...parameterOrder],
        parameters: sql`${JSON.stringify(params.parameters)}::jsonb`,
        columns: sql`${JSON.stringify(params.columns)}::jsonb`,
        content_hash: contentHash,
        created_by: work.context.actor.id,
      })
      .execute();
    const auditEventId = work.audit({
      type: 'SqlTemplateRegistered',
      outcome: 'success',
      resource: { type: 'sql_template', id: templateId },
      evidence: { name: params.name, template_version: version, content_hash: contentHash },
    });
    return { templateId, auditEventId };
  },
});
