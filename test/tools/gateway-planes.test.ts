import type { Client } from '@modelcontextprotocol/client';
import { anActivePlane, type ActivePlane } from '../support/active-plane';
import { connectAgent } from '../support/agent';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let plane: ActivePlane;
let agent: Client;
beforeAll(async () => {
  stack = await startTestStack();
  plane = await anActivePlane(stack.api(), 'handbook', {
    files: { 'leave.txt': 'Employees get thirty days of annual leave. Leave is asked for in writing.' },
  });
  agent = await connectAgent(stack);
});
afterAll(async () => {
  await agent?.close();
  await stack?.stop();
});

const name = () => `ask_${plane.planeId}`;
const question = { query: 'How many days of leave are there?', top_k: 3 };

it('offers an ACTIVE plane as a tool, and answers with passages and their evidence', async () => {
  const { tools } = await agent.listTools();
  expect(tools.map((tool) => [tool.name, tool.title])).toEqual([[name(), 'Ask handbook']]);
  const result = await agent.callTool({ name: name(), arguments: question });
  const { hits, evidence_id: evidenceId } = result.structuredContent as {
    hits: { text: string; source: { document: string } }[];
    evidence_id: string;
  };
  expect(hits[0]).toMatchObject({ text: expect.stringContaining('thirty days'), source: { document: 'leave.txt' } });
  expect((result.content as { text: string }[])[0]?.text).toContain('thirty days');
  expect(result._meta).toMatchObject({ 'io.aos/evidence-id': evidenceId });
  expect(await stack.api().get(`/retrieval/evidence/${evidenceId}`)).toMatchObject({
    status: 200,
    body: { data: { decision: 'allowed', plane_id: plane.planeId } },
  });
});

it('tells why a question was refused, and has no plane for another tenant', async () => {
  const wrong = await agent.callTool({ name: name(), arguments: { question: 'what?' } });
  expect(wrong).toMatchObject({ isError: true, _meta: { 'io.aos/evidence-id': expect.any(String) } });
  const stranger = await connectAgent(stack, { tenant: 1 });
  expect((await stranger.listTools()).tools).toEqual([]);
  await expect(stranger.callTool({ name: name(), arguments: question })).rejects.toMatchObject({ code: -32_602 });
  await stranger.close();
});

it('no longer offers a plane that is not ACTIVE', async () => {
  await stack.owner.query(
    `update knowledge_planes set status = 'deactivated', lifecycle_state_value = 310 where plane_id = $1`,
    [plane.planeId],
  );
  const other = await connectAgent(stack);
  expect((await other.listTools()).tools).toEqual([]);
  expect(await other.callTool({ name: name(), arguments: question })).toMatchObject({ isError: true });
  await other.close();
});
