import { startApprovalsStack, type ApprovalsStack } from '../support/approvals-stack';
import { decideCall, endOfCall, holdCall, invoke } from '../support/held-calls';
import { newKey } from '../support/operations';

let at: ApprovalsStack;
let server: Awaited<ReturnType<ApprovalsStack['aServer']>>;
beforeAll(async () => {
  at = await startApprovalsStack();
  server = await at.aServer(false);
  await at.activate({
    tool_redactions: [
      { tools: ['read_note', 'delete_note', 'get_large'], input: ['$.id', '$..ssn'], result: ['$.nothing'] },
      { tools: ['get_rich'], result: ['$.sum'] },
    ],
    tool_rules: [{ effect: 'deny', tools: ['get_large'] }],
  });
});
afterAll(() => at?.stop());

const path = (id: string) => `/integrations/mcp-servers/${server.serverId}/invocations/${id}`;
const call = (tool: string, input: object, key = newKey()) => invoke(at.developer(), server, { tool, input, key });

async function rowOf(id: string) {
  const { rows } = await at.stack.owner.query(
    `select c.input, c.input_preview, c.input_hash, c.output_ref, i.input_preview as shown, i.output_hash
      from mcp_tool_calls c left join mcp_tool_invocations i using (invocation_id) where c.invocation_id = $1`,
    [id],
  );
  return rows[0] as Record<string, unknown>;
}

it('sends the arguments as they came, and keeps of them what policies leave', async () => {
  const id = `Ada-${newKey()}`;
  const { body } = await call('read_note', { id, person: { ssn: '123', town: 'Bonn' } });
  expect(body.data).toMatchObject({ status: 'succeeded' });
  expect(at.upstream.calls.at(-1)).toMatchObject({ input: { id, person: { ssn: '123' } } });
  const invocationId = body.data.invocation_id as string;
  const preview = '{"id":"[redacted]","person":{"ssn":"[redacted]","town":"Bonn"}}';
  expect(await rowOf(invocationId)).toMatchObject({ input: null, input_preview: preview, shown: preview });
  expect((await at.admin().get(path(invocationId))).body.data).toMatchObject({ input_preview: preview });
});

it('stores a result without what policies have replaced, and answers with that, now and later', async () => {
  const key = newKey();
  const first = await call('get_rich', {}, key);
  const output = {
    content: Array.from({ length: 4 }, () => ({ type: 'text', text: '[redacted]' })),
    structuredContent: { sum: '[redacted]', parts: [1, 2] },
  };
  expect(first.body.data).toMatchObject({ status: 'succeeded' });
  expect(first.body.data.output).toEqual(output);
  expect((await call('get_rich', {}, key)).body.data.output).toEqual(output);
  const id = first.body.data.invocation_id as string;
  expect(await at.eventsOf(id, 'tool_invocation_completed')).toMatchObject([{ evidence: { replaced: 5 } }]);
  // Nothing was said of its arguments.
  expect(await rowOf(id)).toMatchObject({ input: expect.any(Buffer), input_preview: '{}' });
});

it('keeps the arguments sealed while a call waits, shows what is left of them, and sends them whole', async () => {
  const waiting = await at.aServer();
  const input = at.fresh();
  const held = await holdCall(at.developer(), waiting, { tool: 'read_note', input });
  expect(await rowOf(held.invocationId)).toMatchObject({ input: expect.any(Buffer) });
  const { body } = await at.admin().get(`/approvals/${held.approvalId}`);
  expect(JSON.stringify(body)).not.toContain(input.id);
  await decideCall(at.judge, held);
  expect(await endOfCall(at.admin(), held)).toMatchObject({ outcome: 'succeeded' });
  expect(at.sent(input.id)).toBe(1);
  expect(await rowOf(held.invocationId)).toMatchObject({ input: null, input_preview: '{"id":"[redacted]"}' });
});

it('hides in a call that waited what a policy names since, when it is sent', async () => {
  const waiting = await at.aServer();
  const held = await holdCall(at.developer(), waiting, { tool: 'write_note', input: { text: 'Ada' } });
  expect(await rowOf(held.invocationId)).toMatchObject({ input_preview: '{"text":"Ada"}' });
  await at.activate({ tool_redactions: [{ tools: ['write_note'], input: ['$.text'] }] });
  await decideCall(at.judge, held);
  expect(await endOfCall(at.admin(), held)).toMatchObject({
    outcome: 'succeeded',
    input_preview: '{"text":"[redacted]"}',
  });
  expect(await rowOf(held.invocationId)).toMatchObject({ input: null });
});

it('keeps of a denied call what policies leave', async () => {
  const { body } = await call('get_large', { id: 'Ada' });
  expect(body).toMatchObject({ error: { reason: 'POLICY_DENIED' } });
  expect((await at.admin().get(path(body.error.details.invocation_id))).body.data).toMatchObject({
    input_preview: '{"id":"[redacted]"}',
  });
});

it('takes the same arguments for the same, whatever is kept of them', async () => {
  const key = newKey();
  const first = await call('read_note', { id: 'one' }, key);
  expect((await call('read_note', { id: 'one' }, key)).body.data).toEqual(first.body.data);
  expect(await call('read_note', { id: 'two' }, key)).toMatchObject({
    status: 409,
    body: { error: { reason: 'key_reused' } },
  });
});

it('refuses a path that could not be followed when the policy is saved', async () => {
  const conditions = { tool_redactions: [{ input: ['$.fine', '$.a[?@.b]'] }] };
  expect(await at.admin().post('/policies', { name: 'bad', enforcement_mode: 'BLOCK', conditions })).toMatchObject({
    status: 400,
    body: { error: { details: { field: 'conditions.tool_redactions.0.input.1' } } },
  });
});
