import type { Express } from 'express';
import request from 'supertest';
import { createApp } from '../../../api/app';
import { fullPath } from '../../../api/route';
import { allRoutes } from '../../../api/routes';
import { errorRules } from '../../../contracts/errors';
import { createFakeServices } from './fake-services';

interface Operation {
  readonly operationId: string;
  readonly security?: unknown[];
  readonly parameters: { name: string; in: string; schema: object }[];
  readonly requestBody?: { content: Record<string, { schema: object }> };
  readonly responses: Record<string, unknown>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, { enum?: string[] }>; securitySchemes: object };
}

describe('the OpenAPI document', () => {
  const services = createFakeServices();
  const app = createApp(services);
  let document: Document;

  beforeAll(async () => {
    const { status, body } = await request(app).get('/api/v1/openapi.json');
    expect(status).toBe(200);
    document = body as Document;
  });

  it('lists every bound route, and binds every listed one', () => {
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    // The page of metrics is not for clients of the API, and has a form of its own.
    const bound = boundRoutes(app).filter((each) => each !== 'get /metrics');
    expect(listed.sort()).toEqual(bound.sort());
    expect(listed.length).toBeGreaterThan(30);
  });

  it('names every path parameter, success status and the one failure envelope', () => {
    for (const route of allRoutes(services)) {
      const operation = document.paths[fullPath(route)]?.[route.method];
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const named = operation?.parameters.filter((each) => each.in === 'path').map(({ name }) => name);
      expect({ route: route.operationId, named }).toEqual({ route: route.operationId, named: inPath });
      expect(operation?.responses).toHaveProperty(String(route.successStatus));
      if (route.permission !== 'public') {
        expect(operation?.responses['401']).toMatchObject({
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
        });
      }
    }
  });

  it('has one name for each operation, every error code and the way to send the key', () => {
    const names = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(names).size).toBe(names.length);
    expect(document.components.schemas['ErrorCode']?.enum).toEqual(Object.keys(errorRules));
    expect(document).toMatchObject({
      openapi: '3.1.0',
      security: [{ apiKey: [] }],
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
    });
    expect(document.paths['/healthz']?.['get']?.security).toEqual([]);
  });

  it('describes bodies as callers write them', () => {
    const register = document.paths['/api/v1/planes']?.['post']?.requestBody;
    expect(register?.content['application/json']?.schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['name', 'sources'],
      properties: { plane_type: { enum: ['private', 'public'], default: 'private' } },
    });
    const upload = document.paths['/api/v1/planes/{plane_id}/documents']?.['post']?.requestBody;
    expect(upload?.content['multipart/form-data']?.schema).toMatchObject({
      properties: { files: { type: 'array', items: { contentMediaType: 'application/octet-stream' } } },
    });
    const limit = document.paths['/api/v1/planes']?.['get']?.parameters.find(({ name }) => name === 'limit');
    expect(limit?.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 1000, default: 100 });
  });
});

function boundRoutes(app: Express): string[] {
  const layers = app.router.stack as unknown as { route?: { path: string; methods: Record<string, boolean> } }[];
  return layers.flatMap(({ route }) =>
    route === undefined
      ? []
      : Object.keys(route.methods).map((method) => `${method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`),
  );
}
