import { z } from 'zod';
import { errorRules, reasonCodes } from '../../contracts/errors';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of what goes in (as callers write it) or comes out (as they read it). */
export function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, override: simplify });
  return rest;
}

interface Shown {
  readonly zodSchema: z.core.$ZodTypes;
  readonly jsonSchema: Record<string, unknown>;
}

function simplify(shown: Shown): void {
  showFile(shown);
  dropBoundsOfNumbers(shown.jsonSchema);
}

// What every JSON number of JavaScript keeps to anyway; shown, it becomes the example of every count.
function dropBoundsOfNumbers(jsonSchema: Record<string, unknown>): void {
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
}

// Files of a form are bytes; OpenAPI 3.1 says so by leaving their type out.
function showFile({ zodSchema, jsonSchema }: Shown): void {
  if (zodSchema._zod.def.type !== 'file') return;
  for (const member of Object.keys(jsonSchema)) delete jsonSchema[member];
  Object.assign(jsonSchema, { contentMediaType: 'application/octet-stream' });
}

const categories = [...new Set(Object.values(errorRules).map(({ category }) => category))];

const meta: JsonSchema = {
  type: 'object',
  properties: { request_id: { type: 'string' }, timestamp: { type: 'string', format: 'date-time' } },
  required: ['request_id', 'timestamp'],
};

const listMeta: JsonSchema = {
  type: 'object',
  properties: {
    ...(meta['properties'] as JsonSchema),
    next_cursor: { type: ['string', 'null'], description: 'Null at the end.' },
    has_more: { type: 'boolean' },
  },
  required: ['request_id', 'timestamp', 'next_cursor', 'has_more'],
};

const failure: JsonSchema = {
  type: 'object',
  properties: {
    success: { const: false },
    error: {
      type: 'object',
      properties: {
        category: { enum: categories },
        code: { $ref: '#/components/schemas/ErrorCode' },
        reason: {
          type: 'string',
          enum: Object.keys(reasonCodes),
          description: 'The precise word, where there is one.',
        },
        message: { type: 'string', description: 'For people: what happened, and what to do next.' },
        retry_after_seconds: { type: 'integer', description: 'Also in the header Retry-After.' },
        details: { type: 'object', description: '`field` names a bad field, `field_errors` several.' },
      },
      required: ['category', 'code', 'message'],
    },
    meta: { $ref: '#/components/schemas/Meta' },
  },
  required: ['success', 'error', 'meta'],
};

export const componentSchemas: JsonSchema = {
  ErrorCode: { type: 'string', enum: Object.keys(errorRules) },
  Meta: meta,
  ListMeta: listMeta,
  Failure: failure,
};

/** The success envelope around the data of one route. */
export function envelopeOf(data: JsonSchema, metaName: 'Meta' | 'ListMeta'): JsonSchema {
  return {
    type: 'object',
    properties: { success: { const: true }, data, meta: { $ref: `#/components/schemas/${metaName}` } },
    required: ['success', 'data', 'meta'],
  };
}

export function listOf(item: JsonSchema): JsonSchema {
  return { type: 'object', properties: { items: { type: 'array', items: item } }, required: ['items'] };
}
