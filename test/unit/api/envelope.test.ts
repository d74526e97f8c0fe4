import request from 'supertest';
import { createApp } from '../../../api/app';
import { EngineError, refusal } from '../../../contracts/errors';
import { createFakeServices, planeId, planeRow, tenantId } from './fake-services';

const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });
const definition = { name: 'handbook', sources: [{ source_type: 'upload', name: 'u' }] };

describe('success', () => {
  it('answers a create with 201, the plane as it was made, and the ids in the envelope', async () => {
    const services = createFakeServices();
    services.answer('knowledge.planes.register', () => ({ planeId, auditEventId: 'evt_1' }));
    services.read('knowledgePlane.findFirst', () => planeRow({ status: 'active', documentCount: 7, nextAction: 'x' }));
    services.read('knowledgeSource.findMany', () => []);
    services.read('knowledgeJob.findFirst', () => ({ jobId: 'job_1' }));

    const { status, body, headers } = await request(createApp(services))
      .post('/api/v1/planes')
      .set({ ...bearer('admin-key'), 'X-Request-ID': 'my.request-1', 'Idempotency-Key': 'key-1' })
      .send(definition);

    expect(status).toBe(201);
    expect(body).toMatchObject({
      success: true,
      data: { plane_id: planeId, state: 'DRAFT', document_count: 0, next_action: 'verify_knowledge_plane' },
      meta: { request_id: 'my.request-1', timestamp: expect.stringMatching(/^\d{4}-.*Z$/) },
    });
    expect(headers).toMatchObject({ 'x-request-id': 'my.request-1', 'idempotency-key': 'key-1' });
    expect(headers['x-powered-by']).toBeUndefined();
    expect(services.dispatched).toMatchObject([
      {
        name: 'knowledge.planes.register',
        idempotencyKey: 'key-1',
        params: { ...definition, plane_type: 'private', onboard: false },
        context: {
          tenantId,
          actor: { id: 'key_admin', type: 'machine', keyId: 'key_admin' },
          requestId: 'my.request-1',
          runId: 'my.request-1',
          source: 'sdk',
        },
      },
    ]);
  });

  it('makes ids of its own in place of missing and malformed ones, and takes the trace of a traceparent', async () => {
    const services = createFakeServices();
    services.answer('governance.switches.change', () => {
      throw refusal('NOT_FOUND', 'none');
    });
    const app = createApp(services);
    const post = (headers: Record<string, string>) =>
      request(app)
        .post('/api/v1/governance/kill-switch')
        .set({ ...bearer('admin-key'), ...headers })
        .send({ enabled: true, reason: 'drill' });

    const { headers } = await post({ 'X-Request-ID': 'no spaces please' });
    expect(headers['x-request-id']).toMatch(/^req-[0-9a-f]{12}$/);
    expect(headers['idempotency-key']).toMatch(/^gen-[0-9a-f]{32}$/);
    await post({ traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` });
    await post({ traceparent: `00-${'0'.repeat(32)}-${'cd'.repeat(8)}-01` });
    const traces = services.dispatched.map(({ context }) => context.traceId);
    expect(traces[1]).toBe('ab'.repeat(16));
    expect(traces[2]).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
  });

  it('takes the tenant scope and the kill kind when a switch names neither', async () => {
    const services = createFakeServices();
    const change = {
      switchId: 'sw_1',
      kind: 'kill',
      scope: 'tenant',
      scopeId: tenantId,
      owner: 'tenant',
      enabled: true,
    };
    const modes = { previousMode: 'NORMAL', currentMode: 'KILL' };
    services.answer('governance.switches.change', () => ({ ...change, ...modes, previous: false, epoch: 3 }));
    const { status, body } = await request(createApp(services))
      .post('/api/v1/governance/kill-switch')
      .set(bearer('admin-key'))
      .send({ enabled: true, reason: 'drill' });

    expect(services.dispatched[0]?.params).toEqual({ enabled: true, reason: 'drill', scope: 'tenant', kind: 'kill' });
    // The rows cannot be read here, and the throw is acknowledged all the same.
    expect({ status, data: body.data }).toMatchObject({
      status: 200,
      data: {
        success: true,
        previous_mode: 'NORMAL',
        current_mode: 'KILL',
        switch_id: 'sw_1',
        epoch: 3,
        enabled: true,
      },
    });
  });
});

describe('failure', () => {
  const services = createFakeServices();
  const app = createApp(services);
  beforeEach(() => void (services.refused.length = 0));

  const failure = (category: string, code: string, reason?: string) => ({
    success: false,
    error: { category, code, ...(reason !== undefined && { reason }), message: expect.any(String) },
    meta: { request_id: expect.any(String), timestamp: expect.any(String) },
  });

  it.each([
    ['no key', {}],
    ['an unknown key', bearer('stranger')],
    ['another scheme', { Authorization: 'Basic YTpi' }],
  ])('401 with %s, recorded for nobody of the platform', async (_case, headers) => {
    const { status, body, headers: answered } = await request(app).get('/api/v1/planes').set(headers);
    expect(status).toBe(401);
    expect(body).toMatchObject(failure('permanent', 'authentication_failed', 'MISSING_IDENTITY'));
    const hasTried = (headers as { Authorization?: string }).Authorization?.startsWith('Bearer ');
    expect(answered['www-authenticate']).toBe(hasTried === true ? 'Bearer error="invalid_token"' : 'Bearer');
    expect(services.refused).toMatchObject([
      { action: 'planes.list', context: { tenantId: 'platform', actor: { id: 'anonymous', type: 'machine' } } },
    ]);
  });

  it('403 without the permission, before the body is looked at', async () => {
    const { status, body } = await request(app).post('/api/v1/planes').set(bearer('viewer-key')).send('{"not json');
    expect(status).toBe(403);
    expect(body).toMatchObject(failure('permanent', 'authorization_failed'));
    expect(services.refused).toMatchObject([{ action: 'planes.register', context: { tenantId } }]);
  });

  it('403 when a suspended tenant reads', async () => {
    const { status, body } = await request(app).get('/api/v1/planes').set(bearer('suspended-admin-key'));
    expect({ status, body }).toMatchObject({
      status: 403,
      body: failure('policy', 'tenant_suspended', 'TENANT_INACTIVE'),
    });
  });

  it('404 for unknown routes, known paths with another method, and OPTIONS', async () => {
    for (const send of [
      () => request(app).get('/nowhere'),
      () => request(app).post('/api/v1/nowhere'),
      () => request(app).put('/api/v1/planes'),
      () => request(app).options('/api/v1/planes'),
    ]) {
      const { status, body } = await send();
      expect({ status, body }).toMatchObject({ status: 404, body: failure('permanent', 'resource_not_found') });
    }
  });

  it('404 for ids that nothing can have', async () => {
    const { status, body } = await request(app).get('/api/v1/planes/not-a-plane').set(bearer('admin-key'));
    expect({ status, body }).toMatchObject({
      status: 404,
      body: failure('permanent', 'resource_not_found', 'PLANE_NOT_FOUND'),
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ['malformed JSON', { 'Content-Type': 'application/json' }, '{"name": '],
    ['a bare value', { 'Content-Type': 'application/json' }, '"text"'],
    ['another content type', { 'Content-Type': 'text/plain' }, 'name=x'],
    ['an unknown charset', { 'Content-Type': 'application/json; charset=utf-7' }, '{}'],
    ['an unknown encoding', { 'Content-Type': 'application/json', 'Content-Encoding': 'zip' }, '{}'],
    ['over 10 MB', { 'Content-Type': 'application/json' }, JSON.stringify({ name: 'x'.repeat(10 * 1024 * 1024) })],
    ['a bad idempotency key', { 'Content-Type': 'application/json', 'Idempotency-Key': 'two words' }, '{}'],
    ['a long idempotency key', { 'Content-Type': 'application/json', 'Idempotency-Key': 'k'.repeat(256) }, '{}'],
  ])('400 for %s, recorded', async (_case, headers, text) => {
    const { status, body } = await request(app)
      .post('/api/v1/planes')
      .set({ ...bearer('admin-key'), ...headers })
      .send(text);
    expect({ status, body }).toMatchObject({
      status: 400,
      body: failure('permanent', 'invalid_input', 'validation_error'),
    });
    expect(body.error.details.field).toEqual(expect.any(String));
    expect(services.refused).toMatchObject([{ action: 'planes.register', context: { tenantId } }]);
  });

  it('400 names each field that is wrong or unknown', async () => {
    const { body } = await request(app)
      .post('/api/v1/planes')
      .set(bearer('admin-key'))
      .send({ name: '', sources: [{ source_type: 'upload', name: 'u', path: '/' }], tenant_id: 'other' });
    const fields = (body.error.details.field_errors as { field: string }[]).map(({ field }) => field);
    expect(fields.sort()).toEqual(['name', 'sources.0.path', 'tenant_id']);
  });

  it('400 for a broken percent-encoding and a URL that is too long', async () => {
    for (const path of ['/api/v1/planes/%E0%A4%A', `/api/v1/planes?cursor=${'a'.repeat(9000)}`]) {
      const { status, body } = await request(app).get(path).set(bearer('admin-key'));
      expect({ status, body }).toMatchObject({ status: 400, body: failure('permanent', 'invalid_input') });
    }
  });

  it.each([['limit=0'], ['limit=1001'], ['limit=x'], ['limit=1&limit=2'], ['cursor='], ['cursor=x'], ['offset=1']])(
    '400 for the list query %s',
    async (query) => {
      const { status, body } = await request(app).get(`/api/v1/planes?${query}`).set(bearer('admin-key'));
      expect({ status, body }).toMatchObject({ status: 400, body: failure('permanent', 'invalid_input') });
      expect(services.refused).toEqual([]);
    },
  );

  it('carries code, reason, details and the retry time of a refused operation', async () => {
    const { body, status, headers } = await refusedWith(
      refusal('in_progress', 'at work', { retryAfterSeconds: 1, details: { a: 1 } }),
    );
    expect(status).toBe(409);
    expect(headers['retry-after']).toBe('1');
    expect(body.error).toEqual({
      category: 'permanent',
      code: 'conflict',
      reason: 'in_progress',
      message: 'at work',
      retry_after_seconds: 1,
      details: { a: 1 },
    });
  });

  it('answers transient faults with their status and when to come back', async () => {
    const { status, headers } = await refusedWith(new EngineError('service_unavailable', 'away'));
    expect({ status, retry: headers['retry-after'] }).toEqual({ status: 503, retry: '60' });
  });

  it('says nothing of the inside of unknown errors, and logs it', async () => {
    const { status, body } = await refusedWith(new Error('password is hunter2'));
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('hunter2');
    expect(body).toMatchObject(failure('permanent', 'internal_error'));
    expect(JSON.stringify(services.logLines)).toContain('hunter2');
    const { request_id } = (body as { meta: { request_id: string } }).meta;
    expect(services.logLines.slice(-2)).toMatchObject([
      { level: 50, request_id, msg: 'request failed' },
      { level: 50, request_id, msg: 'request errored', res: { status: 500 }, responseTime: expect.any(Number) },
    ]);
  });

  it('takes data that breaks the contract for a fault of ours', async () => {
    services.answer('identity.keys.revoke', () => ({ keyId: 7, auditEventId: 'evt_1' }));
    const { status, body } = await request(app).delete('/api/v1/api-keys/key_1').set(bearer('admin-key'));
    expect({ status, body }).toMatchObject({ status: 500, body: failure('permanent', 'internal_error') });
  });

  async function refusedWith(error: Error) {
    services.answer('identity.keys.revoke', () => {
      throw error;
    });
    return request(app).delete('/api/v1/api-keys/key_1').set(bearer('admin-key'));
  }
});

describe('the request log', () => {
  it('holds ids and the path, and neither key nor query nor body', async () => {
    const services = createFakeServices();
    const app = createApp(services);
    await request(app).get('/api/v1/audit/events?actor_id=query-canary').set(bearer('viewer-key'));
    await request(app).post('/api/v1/planes').set(bearer('admin-key')).send({ name: 'body-canary' });
    expect(services.logLines).toMatchObject([
      { req: { method: 'GET', path: '/api/v1/audit/events' }, res: { status: 403 }, actor_id: 'key_viewer' },
      { req: { method: 'POST', path: '/api/v1/planes' }, res: { status: 400 }, tenant_id: tenantId },
    ]);
    expect(JSON.stringify(services.logLines)).not.toMatch(/canary|viewer-key|admin-key/);
  });
});
