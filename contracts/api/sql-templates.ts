import { z } from 'zod';
import { SqlColumns, SqlParameter, SqlTemplateId } from '../sql-templates';
import { NullableTime, Time } from './common';

export const SqlTemplatePath = z.strictObject({ template_id: SqlTemplateId });

export const SqlTemplateView = z.strictObject({
  template_id: z.string(),
  name: z.string(),
  template_version: z.int(),
  description: z.string().nullable(),
  connection_ref: z.string().nullable(),
  sql: z.string(),
  parameters: z.record(z.string(), SqlParameter),
  columns: SqlColumns,
  content_hash: z.string(),
  status: z.enum(['active', 'retired']),
  created_by: z.string(),
  created_at: Time,
  retired_by: z.string().nullable(),
  retired_at: NullableTime,
});
export type SqlTemplateView = z.infer<typeof SqlTemplateView>;

export const RetiredSqlTemplate = z.strictObject({
  template_id: z.string(),
  retired: z.literal(true),
  audit_event_id: z.string(),
});
