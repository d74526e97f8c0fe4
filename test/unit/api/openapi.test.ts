import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Express } from 'express';
import request from 'supertest';
import { createApp } from '../../../api/app';
import { fullPath } from '../../../api/route';
import { allRoutes } from '../../../api/routes';
import { errorRules, type ErrorCode } from '../../../contracts/errors';
import { createFakeServices } from './fake-services';

interface Answer {
  readonly content: Record<string, { schema: object; examples?: Record<string, { $ref: string }> }>;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: unknown[];
  readonly parameters: { name: string; in: string; schema: object }[];
  readonly requestBody?: { content: Record<string, { schema: object; examples?: object }> };
  readonly responses: Record<string, Answer>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    schemas: Record<string, { enum?: string[] }>;
    examples: Record<string, { value: { error: { code: string } } }>;
    securitySchemes: object;
  };
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
    // The pages of metrics and documentation are not for clients of the API; the gateway is described by MCP itself.
    const bound = boundRoutes(app).filter((each) => !/^(get \/(metrics$|docs|\.well-known\/)|\w+ \/mcp)/.test(each));
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

  it('is OpenAPI 3.1 to a validator', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'aos-openapi-'));
    const file = path.join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify(document));
    const cli = path.join(
      path.dirname(require.resolve('@seriousme/openapi-schema-validator')),
      'bin/validate-api-cli.js',
    );
    expect(JSON.parse(execFileSync(process.execPath, [cli, file], { encoding: 'utf8' }))).toEqual({ valid: true });
    rmSync(folder, { recursive: true });
  });

  it('sums up every operation in a line of its own, and shows each failure as it comes', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const summaries = operations.map(({ summary }) => summary);
    expect(summaries.filter((each) => !/^[A-Z].*[^.]$/.test(each))).toEqual([]);
    expect(new Set(summaries).size).toBe(summaries.length);
    for (const { operationId, responses } of operations) {
      const failures = Object.entries(responses).filter(([status]) => Number(status) >= 400);
      expect({ operationId, statuses: failures.map(([status]) => status) }).toEqual({
        operationId,
        statuses: expect.arrayContaining(['400', '500']),
      });
      for (const [status, { content }] of failures) {
        const examples = Object.entries(content['application/json']?.examples ?? {});
        expect(examples).not.toEqual([]);
        for (const [code, { $ref }] of examples) {
          expect($ref).toBe(`#/components/examples/${code}`);
          expect(document.components.examples[code]?.value.error.code).toBe(code);
          expect(String(errorRules[code as ErrorCode].httpStatus)).toBe(status);
        }
      }
    }
  });

  it('shows a body for every operation that takes JSON, and each is one that it takes', () => {
    for (const route of allRoutes(services)) {
      if (route.body === undefined || route.receive !== undefined) continue;
      const shown = document.paths[fullPath(route)]?.[route.method]?.requestBody?.content['application/json']?.examples;
      const examples = Object.entries(route.examples ?? {});
      expect({ route: route.operationId, shown: Object.keys(shown ?? {}) }).toEqual({
        route: route.operationId,
        shown: examples.map(([name]) => name),
      });
      expect({ route: route.operationId, isShown: examples.length > 0 }).toMatchObject({ isShown: true });
      for (const [name, value] of examples) {
        const { error } = route.body.safeParse(value);
        expect({ route: route.operationId, name, error }).toMatchObject({ error: undefined });
      }
    }
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
