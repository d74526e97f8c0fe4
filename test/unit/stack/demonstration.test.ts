import { demonstrate } from '../../../scripts/stack/demonstration';
import { startFakeRest, type FakeRest } from '../../support/fake-rest';

let rest: FakeRest | undefined;
afterEach(() => rest?.close());

async function fakeApi(answer: Parameters<typeof startFakeRest>[0]) {
  const { url: apiUrl, requests } = (rest = await startFakeRest(answer));
  const said: string[] = [];
  const run = () =>
    demonstrate({
      apiUrl,
      adminKey: 'key',
      examples: '/examples',
      say: (line) => void said.push(line),
      signal: new AbortController().signal,
    });
  return { run, requests, said };
}

it('shows each stage, an answer and a refusal with their evidence', async () => {
  const allowed: string[] = [];
  const states = ['DRAFT', 'VERIFIED', 'PENDING_ACTIVATE', 'PENDING_ACTIVATE', 'ACTIVE'];
  const { run, said, requests } = await fakeApi((request, body) => {
    if (request === 'GET /planes?limit=1000') return { data: { items: [] } };
    if (request === 'POST /planes') return { data: { plane_id: 'kp_1' } };
    if (request === 'GET /lifecycle/kp_1/state') return { data: { state: states.shift(), active_job_id: 'j' } };
    if (request.startsWith('GET /planes/kp_1/documents'))
      return { data: { items: [{ status: 'indexed' }, { status: 'indexed' }] } };
    if (request === 'POST /policies') {
      allowed.push(...(body.conditions as { allowed_plane_ids: string[] }).allowed_plane_ids);
      return { data: { policy_id: `pol_${allowed.length}` } };
    }
    if (request !== 'POST /retrieval/execute') return { data: {} };
    // No policy lists the plane by id until the second one was bound.
    if (allowed.at(-1) === '*') {
      const error = {
        code: 'policy_violation',
        reason: 'retrieval_blocked',
        message: 'no',
        details: { evidence_id: 'ev_1' },
      };
      return { status: 403, error };
    }
    return {
      data: { hits: [{ score: 0.5, text: '25  days', source: { document: 'leave.md' } }], evidence_id: 'ev_2' },
    };
  });
  await run();
  const shown = said.join('\n');
  for (const state of ['DRAFT', 'PENDING_VERIFY', 'VERIFIED', 'INGESTING', 'INDEXED', 'CLASSIFIED', 'ACTIVE']) {
    expect(said.filter((line) => line.endsWith(`s  ${state}`))).toHaveLength(1);
  }
  expect(shown).toContain('2 documents: 2 indexed');
  expect(shown).toContain('leave.md: 25 days');
  expect(shown).toMatch(/refused: policy_violation \(retrieval_blocked\)[^]*evidence ev_1[^]*evidence ev_2/);
  expect(allowed).toEqual(['*', 'kp_1']);
  expect(requests.filter((request) => request === 'POST /planes/kp_1/bind-policy')).toHaveLength(2);
});

it('leaves an example alone that is there', async () => {
  const { run, requests, said } = await fakeApi(() => ({ data: { items: [{ name: 'handbook', state: 'active' }] } }));
  await run();
  expect(said).toEqual(['The example plane handbook is there already (ACTIVE).']);
  expect(requests).toHaveLength(1);
});

it('says where the plane came to rest', async () => {
  const { run } = await fakeApi((request) => {
    if (request === 'GET /planes?limit=1000') return { data: { items: [] } };
    if (request === 'POST /planes') return { data: { plane_id: 'kp_1' } };
    return { data: { state: 'INGESTING', active_job_id: null, next_action: 'retry_knowledge_plane' } };
  });
  await expect(run()).rejects.toThrow('the plane came to rest in INGESTING');
});
