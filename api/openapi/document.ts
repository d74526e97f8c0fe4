import type { z } from 'zod';
import { errorRules, type ErrorCode } from '../../contracts/errors';
import { apiBase, fullPath, isThrow, type Route } from '../route';
import { failureExamples } from './failure-examples';
import { componentSchemas, envelopeOf, listOf, toJsonSchema, type JsonSchema } from './schemas';

export const openApiPath = `${apiBase}/openapi.json`;

/** The OpenAPI 3.1 document, made from the same data that the routes are bound by. */
export function createDocument(routes: readonly Route[], version: string): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const route of routes) {
    const path = (paths[fullPath(route)] ??= {});
    path[route.method] = toOperation(route);
  }
  paths[openApiPath] = { get: documentOperation };
  return {
    openapi: '3.1.0',
    info: {
      title: 'AOS',
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: componentSchemas,
      examples: failureExamples,
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key or an access token.' } },
    },
  };
}

const description = `Governance for what AI agents may know and do.

Send an API key, or an access token of a trusted identity provider, as \`Authorization: Bearer …\`; the tenant follows
from it. Every answer is an envelope: \`success\`, then \`data\` or \`error\`, and \`meta\` with the request's id. Lists come
in pages: go on with \`meta.next_cursor\` as \`cursor\` while \`meta.has_more\` is true. What changes something takes an
\`Idempotency-Key\`, so that it can be repeated safely.`;

const publicErrors = ['invalid_input', 'internal_error'] as const;

const documentOperation: JsonSchema = {
  operationId: 'system.openapi',
  summary: 'This document',
  tags: ['System'],
  security: [],
  parameters: [],
  responses: {
    200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
    ...toFailures(publicErrors),
  },
};

function toOperation(route: Route): JsonSchema {
  const isPublic = route.permission === 'public';
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(!isPublic && { description: `Needs the permission ${[route.permission].flat().join(' or ')}.` }),
    tags: [route.tag],
    ...(isPublic && { security: [] }),
    parameters: [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)],
    ...(route.body !== undefined && { requestBody: toRequestBody(route, route.body) }),
    responses: {
      [route.successStatus]: toSuccess(route),
      ...(route.isPending !== undefined && { 202: toSuccess(route) }),
      ...toFailures([...standingErrors(route), ...(route.errors ?? [])]),
    },
  };
}

function pathParameters({ params }: Route): JsonSchema[] {
  return parametersOf(params).map(({ name, schema }) => ({ name, in: 'path', required: true, schema }));
}

function queryParameters({ query }: Route): JsonSchema[] {
  return parametersOf(query).map(({ name, schema, isRequired }) => ({
    name,
    in: 'query',
    required: isRequired,
    schema,
  }));
}

function parametersOf(schema: z.ZodType) {
  const { properties = {}, required = [] } = toJsonSchema(schema, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, each]) => ({
    name,
    schema: each,
    isRequired: required.includes(name),
  }));
}

function headerParameters({ method, events }: Route): JsonSchema[] {
  if (events !== undefined) return [lastEventIdHeader];
  if (method === 'get') return [];
  const description = 'The same key and body give the same answer and one effect; made and echoed when absent.';
  const schema = { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' };
  return [{ name: 'Idempotency-Key', in: 'header', required: false, description, schema }];
}

const lastEventIdHeader: JsonSchema = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'The id of the last event seen; 0 for all there are. Without it the stream begins now.',
  schema: { type: 'string' },
};

// OpenAPI has no word for the events of a stream, so they stand beside the schema of the whole.
function toStream(events: NonNullable<Route['events']>): JsonSchema {
  const schemas = Object.entries(events).map(([name, schema]) => [name, toJsonSchema(schema, 'output')]);
  const content = { schema: { type: 'string' }, 'x-events': Object.fromEntries(schemas) };
  return { description: 'Server-sent events, until one side ends them', content: { 'text/event-stream': content } };
}

function toRequestBody({ receive, examples = {} }: Route, body: z.ZodType): JsonSchema {
  const schema = toJsonSchema(body, 'input');
  const type = receive === undefined ? 'application/json' : 'multipart/form-data';
  const isRequired = ((schema['required'] ?? []) as readonly string[]).length > 0;
  const shown = Object.entries(examples).map(([name, value]) => [name, { value }]);
  const content = { schema, ...(shown.length > 0 && { examples: Object.fromEntries(shown) }) };
  return { required: isRequired, content: { [type]: content } };
}

function toFile(mediaTypes: readonly string[]): JsonSchema {
  const content = mediaTypes.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]);
  return { description: 'The file; `Repr-Digest` has its SHA-256', content: Object.fromEntries(content) };
}

function toSuccess({ data, listKey, events, mediaTypes }: Route): JsonSchema {
  if (events !== undefined) return toStream(events);
  if (mediaTypes !== undefined) return toFile(mediaTypes);
  const schema = toJsonSchema(data, 'output');
  const envelope = listKey === undefined ? envelopeOf(schema, 'Meta') : envelopeOf(listOf(schema), 'ListMeta');
  return { description: 'Done', content: { 'application/json': { schema: envelope } } };
}

function toFailures(codes: readonly ErrorCode[]): JsonSchema {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const { httpStatus } = errorRules[code];
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), code]);
  }
  const schema = { $ref: '#/components/schemas/Failure' };
  return Object.fromEntries(
    [...byStatus].map(([status, names]) => {
      const examples = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/examples/${name}` }]));
      return [status, { description: names.join(', '), content: { 'application/json': { schema, examples } } }];
    }),
  );
}

function standingErrors({ permission, method }: Route): readonly ErrorCode[] {
  if (permission === 'public') return publicErrors;
  const always = ['invalid_input', 'authentication_failed', 'authorization_failed'] as const;
  const server = ['internal_error', 'service_unavailable', 'timeout'] as const;
  const limit = isThrow({ permission }) ? [] : (['rate_limit_policy'] as const);
  return [...always, ...server, ...limit, ...(method === 'get' ? (['tenant_suspended'] as const) : [])];
}
