import { z } from 'zod';
import { SqlTemplateId } from '../../contracts/sql-templates';
import { defineOperation } from '../define';
import { templateNotFound } from './require-template';

/** Ends the use of a template: no source reads with it any more. */
export const retireTemplate = defineOperation({
  name: 'sql_templates.retire',
  permission: 'write:connectors',
  params: z.strictObject({ templateId: SqlTemplateId }),
  fence: 'fenced',

  async loadFacts({ tx }, { templateId }) {
    const template = await tx
      .selectFrom('sql_templates')
      .select(['name', 'template_version', 'status'])
      .where('template_id', '=', templateId)
      .forUpdate()
      .executeTakeFirst();
    return { template };
  },

  async handle(work, { params: { templateId }, facts: { template } }) {
    if (template === undefined || template.status === 'retired') throw templateNotFound();
    await work.tx
      .updateTable('sql_templates')
      .set({ status: 'retired', retired_at: new Date(), retired_by: work.context.actor.id })
      .where('template_id', '=', templateId)
      .execute();
    const auditEventId = work.audit({
      type: 'SqlTemplateRetired',
      outcome: 'success',
      resource: { type: 'sql_template', id: templateId },
      evidence: { name: template.name, template_version: template.template_version },
    });
    return { templateId, auditEventId };
  },
});
