import { anActivePlane, ask, type ActivePlane } from '../support/active-plane';
import type { ApiAnswer, ApiClient } from '../support/api-client';
import { seedPlane } from '../support/seeds';
import { states } from '../support/lifecycle-tables';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let api: ApiClient;
let plane: ActivePlane;
let sources: string[];
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
  plane = await anActivePlane(api, 'observatory', {
    files: {
      'a.md': 'The observatory opens at dusk and closes at dawn.',
      'b.md': 'The telescope is cleaned on Mondays.',
      'c.md': 'Visitors leave their shoes at the observatory door.',
      'd.md': `${'Stars are listed by their brightness. '.repeat(60)}`,
    },
  });
  const { body } = await api.get(`/planes/${plane.planeId}`);
  sources = body.data.sources.map(({ source_id }: { source_id: string }) => source_id);
});
afterAll(() => stack.stop());

const execute = (body: object, client = api) => client.post('/retrieval/execute', body);
const act = (action: string, payload: object, extra: object = {}) =>
  execute({ plane_id: plane.planeId, action, payload, ...extra });

interface Hit {
  readonly document_id: string;
  readonly chunk_id: string;
  readonly text: string;
  readonly score: number;
  readonly start: number;
  readonly end: number;
}

const hitsOf = ({ body }: ApiAnswer): Hit[] => body.data.hits;

async function expectDenied(answer: ApiAnswer, status: number, error: object): Promise<void> {
  expect({ status: answer.status, error: answer.body.error }).toMatchObject({ status, error });
  const evidence = await api.get(`/retrieval/evidence/${answer.body.error.details.evidence_id}`);
  expect(evidence.body.data).toMatchObject({
    decision: 'denied',
    plane_id: plane.planeId,
    request_id: answer.headers.get('x-request-id'),
    query_hash: answer.body.error.details.query_hash,
    doc_ids: [],
    token_count: 0,
    response_hash: null,
  });
  expect(evidence.body.data.deny_reason).toEqual(expect.any(String));
}

test.each(['query', 'search'])('%s answers best first, with evidence that says what was released', async (action) => {
  const answer = await act(action, { query: 'observatory' });
  expect(answer.status).toBe(200);
  const hits = hitsOf(answer);
  expect(
    hits
      .slice(0, 2)
      .map(({ document_id }) => document_id)
      .toSorted(),
  ).toEqual([plane.documentIds['a.md'], plane.documentIds['c.md']].toSorted());
  expect(hits.map(({ score }) => score)).toEqual(hits.map(({ score }) => score).toSorted((a, b) => b - a));
  expect(hits[0]).toMatchObject({ source: { source_id: sources[0], name: 'uploads', document: expect.any(String) } });
  for (const { start, end, text } of hits) expect(end - start).toBe(text.length);
  const { data } = answer.body;
  const evidence = await api.get(`/retrieval/evidence/${data.evidence_id}`);
  expect(evidence.body.data).toMatchObject({
    decision: 'allowed',
    deny_reason: null,
    action,
    plane_id: plane.planeId,
    query_hash: data.query_hash,
    token_count: data.tokens_consumed,
    policy_applied: plane.policyId,
    policy_snapshot_id: data.policy_snapshot_id,
    response_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    run_id: answer.body.meta.request_id,
  });
  expect(evidence.body.data.doc_ids.toSorted()).toEqual(
    [...new Set(hits.map(({ document_id }) => document_id))].toSorted(),
  );
});

test('search is full text alone, query also finds what is said in other words', async () => {
  expect(hitsOf(await act('search', { query: 'astronomer' }))).toEqual([]);
  expect(hitsOf(await act('query', { query: 'astronomer' })).length).toBeGreaterThan(0);
});

test('top_k bounds the hits; out of range it is refused', async () => {
  expect(hitsOf(await act('query', { query: 'observatory', top_k: 1 }))).toHaveLength(1);
  for (const topK of [0, 101, 1.5, '3', null]) {
    await expectDenied(await act('query', { query: 'observatory', top_k: topK }), 400, {
      code: 'invalid_input',
      details: { field: 'payload.top_k' },
    });
  }
});

test('filters narrow to documents and sources', async () => {
  const only = await act('query', { query: 'observatory', filters: { document_id: [plane.documentIds['b.md']] } });
  expect(hitsOf(only).map(({ document_id }) => document_id)).toEqual([plane.documentIds['b.md']]);
  const all = await act('query', { query: 'observatory', filters: { source_id: sources[0] } });
  expect(hitsOf(all).length).toBeGreaterThan(1);
  const none = await act('search', { query: 'observatory', filters: { source_id: 'src_other' } });
  expect(hitsOf(none)).toEqual([]);
});

test('retrieve by documents and by chunks; unknown ids find nothing', async () => {
  const documents = await act('retrieve', { document_ids: [plane.documentIds['d.md']] });
  const chunks = hitsOf(documents);
  expect(chunks.length).toBeGreaterThan(1);
  expect(chunks.every(({ document_id }) => document_id === plane.documentIds['d.md'])).toBe(true);
  const [first] = chunks;
  const one = await act('retrieve', { chunk_ids: [first?.chunk_id] });
  expect(hitsOf(one)).toMatchObject([{ chunk_id: first?.chunk_id, text: first?.text }]);
  expect(hitsOf(await act('retrieve', { document_ids: ['doc_nobody'] }))).toEqual([]);
  expect(hitsOf(await act('retrieve', { chunk_ids: ['0'.repeat(64)] }))).toEqual([]);
});

test('list pages through the documents with a cursor', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const { status, body } = await act('list', { limit: 3, ...(cursor !== undefined && { cursor }) });
    expect(status).toBe(200);
    seen.push(...body.data.documents.map(({ document_id }: { document_id: string }) => document_id));
    expect(body.meta).toMatchObject({ next_cursor: body.data.next_cursor, has_more: body.data.next_cursor !== null });
    cursor = body.data.next_cursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen.toSorted()).toEqual(Object.values(plane.documentIds).toSorted());
});

test('a cursor that is not ours is refused, and nothing is released', async () => {
  const answer = await act('list', { cursor: 'bm90IG91cnM' });
  expect(answer.status).toBe(400);
  expect(answer.body.error).toMatchObject({ code: 'invalid_input', details: { field: 'payload.cursor' } });
});

test.each([
  ['query', {}],
  ['query', { query: '' }],
  ['query', { query: 'x', unheard_of: 1 }],
  ['query', { query: 'x', filters: { tenant_id: 'other' } }],
  ['query', { query: 'x', filters: { document_id: [] } }],
  ['search', { query: 'x', top_k: 1000 }],
  ['retrieve', {}],
  ['retrieve', { chunk_ids: ['not a hash'] }],
  ['retrieve', { chunk_ids: ['0'.repeat(64)], document_ids: ['doc_x'] }],
  ['list', { query: 'x' }],
])('a payload that does not fit %s is refused with evidence: %j', async (action, payload) => {
  await expectDenied(await act(action, payload), 400, { category: 'permanent', code: 'invalid_input' });
});

test.each([
  ['of any letters', ['🎉', 'Ω≈ç√∫', 'a b', '__proto__', 'constructor', '<script>', "'; drop table tenants; --"]],
  ['of control characters', ['\u0000', 'nul\u0000inside', '\u0007', '\u001b[31m']],
  ['of half a letter', ['\ud800', 'x\udc00']],
  ['many and long', Array.from({ length: 100 }, (_, index) => `${index}${'k'.repeat(120)}`)],
])('names of unknown payload fields: %s', async (_, names) => {
  const payload = JSON.parse(`{"query":"x",${names.map((name) => `${JSON.stringify(name)}:1`).join(',')}}`);
  await expectDenied(await act('query', payload), 400, {
    code: 'invalid_input',
    details: { field: expect.stringMatching(/^payload\../) },
  });
});

test.each(['\ud800', 'x\u0000y', { toString: 1 }, ['x'], null, 1e308])('a query that is no text: %j', async (query) => {
  await expectDenied(await act('query', { query }), 400, {
    code: 'invalid_input',
    details: { field: 'payload.query' },
  });
});

test('an unknown action is refused', async () => {
  const answer = await act('steal', { query: 'x' });
  expect(answer.status).toBe(400);
  expect(answer.body.error).toMatchObject({ code: 'invalid_input', details: { field: 'action' } });
  const audit = await api.get(`/audit/events?request_id=${answer.headers.get('x-request-id')}`);
  expect(audit.body.data.items).toMatchObject([{ event_type: 'AccessRefused', action: 'retrieval.execute' }]);
});

test.each(['direct_connector', 'connector_url', 'bypass_mediator', 'raw_connection'])(
  '%s in a payload is a governance violation',
  async (member) => {
    for (const [action, payload] of [
      ['query', { query: 'observatory' }],
      ['list', {}],
      ['retrieve', { document_ids: [plane.documentIds['a.md']] }],
    ] as const) {
      await expectDenied(await act(action, { ...payload, [member]: false }), 403, {
        category: 'policy',
        code: 'policy_violation',
        details: { fields: [member] },
      });
    }
  },
);

test('a run that does not exist is refused', async () => {
  await expectDenied(await act('query', { query: 'x' }, { run_id: 'run_nobody' }), 404, { code: 'resource_not_found' });
});

test.each(states.filter((state) => state !== 'ACTIVE'))('a plane that is %s does not answer', async (state) => {
  const { planeId } = await seedPlane(stack.owner, stack.keys.tenants[0]?.tenant_id ?? '', state);
  const answer = await ask(api, planeId, 'x');
  expect(answer.status).toBe(409);
  expect(answer.body.error).toMatchObject({ code: 'invalid_state', details: { state } });
  const evidence = await api.get(`/retrieval/evidence/${answer.body.error.details.evidence_id}`);
  expect(evidence.body.data).toMatchObject({ decision: 'denied', plane_id: planeId });
});

test('a plane that is not there leaves evidence too', async () => {
  const answer = await ask(api, 'kp_000000000000', 'x');
  expect(answer.status).toBe(404);
  const evidence = await api.get(`/retrieval/evidence/${answer.body.error.details.evidence_id}`);
  expect(evidence.body.data).toMatchObject({ decision: 'denied', plane_id: 'kp_000000000000' });
});

test('a repeated retrieval is decided anew, with evidence of its own', async () => {
  const body = { plane_id: plane.planeId, action: 'query', payload: { query: 'observatory' } };
  const first = await api.post('/retrieval/execute', body, { key: 'the-same' });
  const second = await api.post('/retrieval/execute', body, { key: 'the-same' });
  expect(second.body.data.hits).toEqual(first.body.data.hits);
  expect(second.body.data.evidence_id).not.toBe(first.body.data.evidence_id);
  expect(second.body.data.query_hash).toBe(first.body.data.query_hash);
});

test('evidence is listed by plane and decision', async () => {
  const denied = await api.get(`/retrieval/evidence?plane_id=${plane.planeId}&decision=denied&limit=1000`);
  expect(denied.body.data.items.length).toBeGreaterThan(0);
  for (const item of denied.body.data.items)
    expect(item).toMatchObject({ plane_id: plane.planeId, decision: 'denied' });
});

test('a plane answers up to its limit, which its endpoint states, and what is beyond leaves a count', async () => {
  const { body: before } = await api.get(`/planes/${plane.planeId}`);
  expect(before.data.endpoint).toMatchObject({ tokens_max: 10_000, rate_limit: { requests: 100, window_seconds: 60 } });
  const limit = { subject_type: 'plane', subject_id: plane.planeId, requests: 2, seconds: 86_400, reason: 'test' };
  expect(await stack.operatorApi.post('/ops/rate-limits', limit)).toMatchObject({ status: 200 });
  const { body: after } = await api.get(`/planes/${plane.planeId}`);
  expect(after.data.endpoint.rate_limit).toEqual({ requests: 2, window_seconds: 86_400 });

  const countEvidence = async () =>
    (await stack.owner.query(`select count(*)::int as n from retrieval_evidence`)).rows[0].n as number;
  const evidence = await countEvidence();
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      n % 2 === 0
        ? act('query', { query: 'telescope' })
        : api.post(`/knowledge/${plane.planeId}/query`, { query: 'telescope' }),
    ),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(2);
  expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.body.error).toMatchObject({
    code: 'rate_limit_policy',
    reason: 'RATE_LIMIT_EXCEEDED',
    details: { limit: 'plane', requests: 2 },
    retry_after_seconds: expect.any(Number),
  });
  expect(await countEvidence()).toBe(evidence + 2);
  const { rows } = await stack.owner.query(
    `select count(*)::int as n from audit_events where action = 'door.refusals' and error_code = 'rate_limit_policy'`,
  );
  expect(rows[0].n).toBe(1);
});
