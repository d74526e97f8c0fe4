import request from 'supertest';
import { createApp } from '../../../api/app';
import type { RetrievalAnswer } from '../../../retrieval/mediator';
import { createFakeServices, planeId, planeRow } from './fake-services';

const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });

describe('lists', () => {
  it('hand out a cursor that continues the same list and no other', async () => {
    const services = createFakeServices();
    const asked: unknown[] = [];
    services.read('knowledgePlane.findMany', (args) => {
      asked.push(args);
      return asked.length === 1 ? [planeRow(), planeRow({ planeId: 'kp_000000000001' })] : [];
    });
    services.read('knowledgeSource.findMany', () => []);
    services.read('knowledgeDocument.groupBy', () => []);
    services.read('$queryRaw', () => []);
    const app = createApp(services);
    const get = (path: string) => request(app).get(`/api/v1${path}`).set(bearer('admin-key'));

    const first = await get('/planes?limit=1');
    expect(first.body).toMatchObject({
      data: { items: [{ plane_id: planeId }] },
      meta: { has_more: true, next_cursor: expect.stringMatching(/^[\w-]+$/) },
    });
    expect(first.body.data.items).toHaveLength(1);
    const cursor = String(first.body.meta.next_cursor);

    const second = await get(`/planes?limit=1&cursor=${cursor}`);
    expect(second.body).toMatchObject({ data: { items: [] }, meta: { has_more: false, next_cursor: null } });
    expect(asked[1]).toMatchObject({ where: { OR: [{ createdAt: { lt: planeRow().createdAt } }, { planeId: {} }] } });

    expect((await get(`/policies?cursor=${cursor}`)).status).toBe(400);
    const forged = Buffer.from(JSON.stringify(['x', ['2026-03-01T10:00:00.000Z', 'kp_1']])).toString('base64url');
    expect((await get(`/planes?cursor=${forged}`)).status).toBe(400);
  });
});

describe('lifecycle', () => {
  async function stateOf(plane: Record<string, unknown>, jobs: unknown[] = [], bindings: unknown[] = []) {
    const services = createFakeServices();
    services.read('knowledgePlane.findFirst', () => planeRow(plane));
    services.read('knowledgeJob.findMany', () => jobs);
    services.read('$queryRaw', () => bindings);
    const { body } = await request(createApp(services))
      .get(`/api/v1/lifecycle/${planeId}/state`)
      .set(bearer('viewer-key'));
    return body.data as Record<string, unknown>;
  }

  it.each([
    ['draft', 'verify_knowledge_plane'],
    ['verified', 'ingest_knowledge_plane'],
    ['ingesting', 'index_knowledge_plane'],
    ['indexed', 'classify_knowledge_plane'],
    ['classified', 'request_activation'],
    ['pending_activate', 'bind_policy'],
    ['active', null],
    ['failed', null],
  ])('names what a plane in %s waits for', async (status, next) => {
    expect(await stateOf({ status })).toMatchObject({ state: status.toUpperCase(), next_action: next });
  });

  it('waits for activation once a policy that counts is bound', async () => {
    const binding = { planeId, policyId: 'pol_1', counts: true };
    expect(await stateOf({ status: 'pending_activate' }, [], [binding])).toMatchObject({
      next_action: 'activate_knowledge_plane',
      bound_policies: ['pol_1'],
      flags: { allows_policy_binding: true, allows_queries: false, is_onboarding: true },
    });
    expect(await stateOf({ status: 'pending_activate' }, [], [{ ...binding, counts: false }])).toMatchObject({
      next_action: 'bind_policy',
    });
  });

  it('shows the job at work and the one that ended last', async () => {
    const job = { kind: 'index_data', attempt: 2, errorCode: null, errorMessage: null };
    const failed = { errorCode: 'INDEXING_FAILED', errorMessage: 'no', endedAt: new Date() };
    const jobs = [
      { ...job, jobId: 'job_2', status: 'running', endedAt: null },
      { ...job, ...failed, jobId: 'job_1', status: 'failed' },
    ];
    expect(await stateOf({ status: 'ingesting', activeJobId: 'job_2', nextAction: 'retry' }, jobs)).toMatchObject({
      active_job: { job_id: 'job_2', kind: 'index_data', status: 'running', attempt: 2 },
      next_action: null,
      last_job: { job_id: 'job_1', status: 'failed', error_code: 'INDEXING_FAILED', error_message: 'no' },
    });
  });

  it('lists the five stages in their order', async () => {
    const services = createFakeServices();
    const startedAt = new Date(Date.now() - 10_000);
    const row = { stage: 'ingest', status: 'running', percentage: 50, attempts: 1, startedAt, jobId: 'job_1' };
    services.read('knowledgePlane.findFirst', () => ({ status: 'ingesting' }));
    services.read('$queryRaw', () => [{ ...row, completedAt: null, durationMs: null, message: null, error: null }]);
    const { body } = await request(createApp(services))
      .get(`/api/v1/lifecycle/${planeId}/stages`)
      .set(bearer('viewer-key'));
    const items = body.data.items as { stage: string; status: string; eta_seconds: number | null }[];
    expect(items.map(({ stage, status }) => `${stage} ${status}`)).toEqual([
      'verify not_started',
      'ingest running',
      'index not_started',
      'classify not_started',
      'activate not_started',
    ]);
    expect(items[1]?.eta_seconds).toBeGreaterThanOrEqual(9);
    expect(body.meta).toMatchObject({ next_cursor: null, has_more: false });
  });

  it('answers 404 for a plane that the tenant has not, on every route of it', async () => {
    const services = createFakeServices();
    services.read('knowledgePlane.findFirst', () => null);
    const app = createApp(services);
    for (const path of [
      'planes/$',
      'planes/$/documents',
      'planes/$/findings',
      'lifecycle/$/state',
      'lifecycle/$/stages',
      'lifecycle/$/audit',
    ]) {
      const { status, body } = await request(app)
        .get(`/api/v1/${path.replace('$', planeId)}`)
        .set(bearer('admin-key'));
      expect({ path, status, reason: body.error?.reason }).toEqual({ path, status: 404, reason: 'PLANE_NOT_FOUND' });
    }
  });
});

describe('audit', () => {
  const row = {
    ordinal: 9n,
    tenantId: 'ten_000000000001',
    eventId: 'evt_1',
    eventType: 'PlaneRegistered',
    eventCategory: 'lifecycle',
    severity: 'info',
    requestId: 'req-1',
    traceId: null,
    runId: null,
    stepIndex: null,
    planeId,
    jobId: null,
    actorId: 'key_1',
    actorType: 'machine',
    action: 'knowledge.planes.register',
    resourceType: null,
    resourceId: null,
    outcome: 'success',
    policyId: null,
    policySnapshotId: null,
    errorCode: null,
    errorMessage: null,
    integrityHash: 'ab',
    occurredAt: new Date(),
    recordedAt: new Date(),
  };

  it('gives the hashed bytes to those who may check them, and a recorded refusal to others', async () => {
    const services = createFakeServices();
    services.read('auditEvent.findMany', () => [{ ...row, payloadBytes: new Uint8Array([1, 2, 3]) }]);
    const app = createApp(services);
    const get = (key: string, query: string) => request(app).get(`/api/v1/audit/events${query}`).set(bearer(key));

    expect((await get('auditor-key', '?include=payload')).body.data.items[0]).toMatchObject({
      payload_bytes: 'AQID',
      integrity_hash: 'ab',
    });
    expect((await get('developer-key', '')).body.data.items[0]).not.toHaveProperty('payload_bytes');
    expect((await get('developer-key', '?include=payload')).status).toBe(403);
    expect(services.refused).toMatchObject([{ action: 'audit.events' }]);
  });
});

describe('retrieval', () => {
  const answer: RetrievalAnswer = {
    hits: [],
    evidence_id: 'e',
    query_hash: 'q',
    tokens_consumed: 0,
    policy_snapshot_id: 'SNAP-1',
  };
  const ask = (services: ReturnType<typeof createFakeServices>, body: object) =>
    request(createApp(services)).post('/api/v1/retrieval/execute').set(bearer('developer-key')).send(body);

  it('answers 200 with hits and evidence, and the cursor of a list in the meta too', async () => {
    const plain = await ask(createFakeServices({ retrieve: async () => answer }), {
      plane_id: planeId,
      action: 'query',
      payload: { query: 'x' },
    });
    expect(plain).toMatchObject({ status: 200, body: { data: answer } });
    expect(plain.body.meta).not.toHaveProperty('next_cursor');

    const listed = {
      ...answer,
      documents: [{ document_id: 'd', name: 'a.md', source_id: 'src_1', format: 'markdown', version: 'v' }],
      next_cursor: 'c',
    };
    const list = await ask(createFakeServices({ retrieve: async () => listed }), {
      plane_id: planeId,
      action: 'list',
      payload: {},
    });
    expect(list.body).toMatchObject({ data: listed, meta: { next_cursor: 'c', has_more: true } });
  });

  it('refuses unknown actions and fields before anything is asked', async () => {
    const bodies = [
      { plane_id: planeId, action: 'drop', payload: {} },
      { plane_id: planeId, action: 'query', payload: {}, tenant_id: 'x' },
    ];
    for (const body of bodies) expect((await ask(createFakeServices(), body)).status).toBe(400);
  });
});

describe('system', () => {
  it('answers health without a key, and 503 with the components when not ready', async () => {
    const sick = { ready: false, components: { database: { healthy: false, message: 'away' } } };
    const app = createApp(
      createFakeServices({
        health: { ready: async () => sick, bootStatus: async () => sick, guard: async () => sick },
      }),
    );
    expect((await request(app).get('/healthz')).body).toMatchObject({ success: true, data: { status: 'ok' } });
    expect((await request(app).get('/version')).body.data).toMatchObject({ name: 'aos', version: '1.2.3' });
    expect(await request(app).get('/readyz')).toMatchObject({
      status: 503,
      body: { success: false, error: { code: 'service_unavailable', details: sick } },
    });
    const boot = await request(app).get('/api/v1/governance/boot-status').set(bearer('viewer-key'));
    expect(boot).toMatchObject({ status: 200, body: { data: { healthy: false, components: sick.components } } });
  });
});
