import { z } from 'zod';
import { identifier, rawText, text } from './text';

export const sqlParameterTypes = [
  'str',
  'int',
  'float',
  'bool',
  'date',
  'timestamp',
  'uuid',
  'list[str]',
  'list[int]',
] as const;
export type SqlParameterType = (typeof sqlParameterTypes)[number];

/** Bound by the engine from the credential; no template declares it and no caller gives it. */
export const tenantParameter = 'tenant_id';

const parameterName = /^[a-z_][a-z0-9_]{0,62}$/;
const textBytesMax = 10_000;
const listItemsMax = 1_000;

const column = text(63);

export const SqlParameter = z.strictObject({
  type: z.enum(sqlParameterTypes),
  /** Numbers for int, float and list[int]; texts in ISO form for date and timestamp. */
  min: z.union([z.number(), z.string().max(40)]).optional(),
  max: z.union([z.number(), z.string().max(40)]).optional(),
  /** Characters of a str, items of a list. */
  max_length: z.int().min(1).max(textBytesMax).optional(),
  required: z.boolean().default(true),
  default: z.unknown().optional(),
});
export type SqlParameter = z.infer<typeof SqlParameter>;

export const SqlParameters = z
  .record(z.string().regex(parameterName, 'lower-case letters, digits and _ only'), SqlParameter)
  .refine((parameters) => Object.keys(parameters).length <= 50, 'at most 50 parameters')
  .default({});
export type SqlParameters = z.infer<typeof SqlParameters>;

export const contentFormats = ['text', 'markdown', 'html'] as const;

export const SqlColumns = z.strictObject({
  /** Names the document: unique, never null, the same on every reading. */
  id: column,
  /** Its text; without it all columns become `name: value` lines. */
  content: column.optional(),
  content_format: z.enum(contentFormats).default('text'),
  /** Shown as `name: value` lines above the content, or instead of all columns. */
  metadata: z.array(column).max(50).default([]),
});
export type SqlColumns = z.infer<typeof SqlColumns>;

export const SqlTemplateDefinition = z.strictObject({
  name: text(128),
  description: text(2000).optional(),
  /** The only connection that may run it; any of the tenant's when absent. */
  connection_ref: identifier.optional(),
  sql: rawText(20_000),
  parameters: SqlParameters,
  columns: SqlColumns,
});
export type SqlTemplateDefinition = z.infer<typeof SqlTemplateDefinition>;

export const SqlTemplateId = z.string().regex(/^sqlt_[0-9a-f]{12}$/, 'a template id: sqlt_ and 12 hex digits');

export const SqlSourceConfig = z.strictObject({
  connection_ref: identifier,
  template_id: SqlTemplateId,
  params: z.record(z.string().max(63), z.unknown()).default({}),
});
export type SqlSourceConfig = z.infer<typeof SqlSourceConfig>;

/** What the type makes of a value. */
export function sqlValueSchema({ type, min, max, max_length: lengthMax }: SqlParameter): z.ZodType {
  const inBounds = <T extends z.ZodType<number | string>>(schema: T) =>
    schema
      .refine((value) => min === undefined || compare(value, min) >= 0, `at least ${min}`)
      .refine((value) => max === undefined || compare(value, max) <= 0, `at most ${max}`);
  const list = (item: z.ZodType) => z.array(item).max(lengthMax ?? listItemsMax);
  const schemas: Readonly<Record<SqlParameterType, () => z.ZodType>> = {
    str: () => rawText(lengthMax ?? textBytesMax),
    int: () => inBounds(z.int()),
    float: () => inBounds(z.number()),
    bool: () => z.boolean(),
    date: () => inBounds(z.iso.date()),
    timestamp: () => inBounds(z.iso.datetime({ offset: true })),
    uuid: () => z.guid(),
    'list[str]': () => list(rawText(textBytesMax)),
    'list[int]': () => list(inBounds(z.int())),
  };
  return schemas[type]();
}

function compare(value: number | string, bound: number | string): number {
  if (typeof value === 'number') return value - Number(bound);
  return Date.parse(value) - Date.parse(String(bound));
}

/** The bounds that a type knows, so that one which would never be looked at is refused. */
export const boundsOfType: Readonly<Record<SqlParameterType, readonly ('number' | 'time' | 'length')[]>> = {
  str: ['length'],
  int: ['number'],
  float: ['number'],
  bool: [],
  date: ['time'],
  timestamp: ['time'],
  uuid: [],
  'list[str]': ['length'],
  'list[int]': ['length', 'number'],
};

export interface SqlValueIssue {
  readonly name: string;
  readonly message: string;
}

/** The value of every declared parameter, or what is wrong with the first. An absent optional one is null. */
export function bindSqlValues(
  parameters: SqlParameters,
  given: Readonly<Record<string, unknown>>,
): { readonly values: Readonly<Record<string, unknown>> } | { readonly issue: SqlValueIssue } {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(parameters, name));
  if (unknown !== undefined) return { issue: { name: unknown, message: 'the template has no such parameter' } };
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = given[name] ?? parameter.default;
    if (value === undefined || value === null) {
      if (parameter.required) return { issue: { name, message: 'the template requires it' } };
      values[name] = null;
      continue;
    }
    const parsed = sqlValueSchema(parameter).safeParse(value);
    if (!parsed.success) {
      return { issue: { name, message: `no ${parameter.type}: ${parsed.error.issues[0]?.message ?? 'wrong'}` } };
    }
    values[name] = parsed.data;
  }
  return { values };
}
