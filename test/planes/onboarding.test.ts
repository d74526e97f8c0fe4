import path from 'node:path';
import { aPolicyFor, activate, waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.stop());

const handbook = path.join(__dirname, '../../examples/handbook');

test('the handbook goes from DRAFT to ACTIVE and answers a question with evidence', async () => {
  const api = stack.api();
  const { status, body } = await api.post('/planes', {
    name: 'handbook',
    onboard: true,
    sources: [{ source_type: 'file', name: 'files', config: { path: handbook } }],
  });
  expect(status).toBe(201);
  const planeId = body.data.plane_id as string;
  await waitForState(api, planeId, 'PENDING_ACTIVATE');

  const blocked = await api.post(`/lifecycle/${planeId}/transition`, {
    action: 'activate_knowledge_plane',
    reason: 'x',
  });
  expect(blocked.status).toBe(403);
  expect(blocked.body.error).toMatchObject({
    category: 'policy',
    reason: 'POLICY_GATE_BLOCKED',
    details: { required_action: 'bind_policy' },
  });

  await aPolicyFor(api, planeId);
  await activate(api, planeId);
  const answer = await api.post('/retrieval/execute', {
    plane_id: planeId,
    action: 'query',
    payload: { query: 'How many days of annual leave do employees get?', top_k: 3 },
  });
  expect(answer.status).toBe(200);
  expect(answer.body.data.hits).toHaveLength(3);
  expect(answer.body.data.hits[0].text).toContain('27 days');
  const evidence = await api.get(`/retrieval/evidence/${answer.body.data.evidence_id}`);
  expect(evidence.body.data).toMatchObject({ decision: 'allowed', plane_id: planeId });

  const refused = await api.post('/retrieval/execute', {
    plane_id: planeId,
    action: 'query',
    payload: { query: 'x', direct_connector: true },
  });
  expect(refused.status).toBe(403);
  const denial = await api.get(`/retrieval/evidence/${refused.body.error.details.evidence_id}`);
  expect(denial.body.data).toMatchObject({ decision: 'denied' });

  const { body: documents } = await api.get(`/planes/${planeId}/documents`);
  expect(documents.data.items).toHaveLength(30);
  expect(new Set(documents.data.items.map((item: { status: string }) => item.status))).toEqual(new Set(['indexed']));
});
