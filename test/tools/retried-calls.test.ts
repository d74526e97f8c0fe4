import { startApprovalsStack, type ApprovalsStack } from '../support/approvals-stack';
import { invoke } from '../support/held-calls';
import { untilDiscovered } from '../support/tool-discoveries';
import { toolDefinitions } from '../support/tool-server';
import { newKey } from '../support/operations';

let at: ApprovalsStack;
let server: Awaited<ReturnType<ApprovalsStack['aServer']>>;
beforeAll(async () => {
  at = await startApprovalsStack();
  server = await at.aServer(false);
});
afterAll(() => at?.stop());

const base = () => `/integrations/mcp-servers/${server.serverId}`;

async function mark(tool: string, isSafe: boolean): Promise<void> {
  const path = `${base()}/tools/${server.tools[tool]}`;
  expect(await at.admin().put(path, { retry_safe: isSafe })).toMatchObject({ status: 200 });
}

async function toolOf(name: string) {
  const { body } = await at.admin().get(`${base()}/tools`);
  return body.data.items.find((tool: { name: string }) => tool.name === name);
}

async function discover(definitions: readonly object[]): Promise<void> {
  const discovery = {
    ...{ protocol_version: '2025-11-25', capabilities: ['tools'], server_info: { name: 'notes', version: '1' } },
    ...{ latency_ms: 1, resource_count: 0, prompt_count: 0, rejected: [], tools: definitions },
  };
  const params = { serverId: server.serverId, discovery };
  await at.stack.dispatch(at.stack.as('admin'), 'tools.servers.record_discovery', {
    params: params as never,
    idempotencyKey: newKey(),
  });
}

const read = (input: object, key?: string) =>
  invoke(at.developer(), server, { tool: 'read_note', input, ...(key !== undefined && { key }) });
const recordOf = async (id: string) => (await at.admin().get(`${base()}/invocations/${id}`)).body.data;

it('is unknown after one call where nobody marked the tool, whatever its server says of it', async () => {
  const hinted = toolDefinitions.map((tool) => ({
    ...tool,
    annotations: { idempotentHint: true, readOnlyHint: true },
  }));
  const other = await at.aServer(false);
  server = other;
  await discover(hinted);
  expect(await toolOf('read_note')).toMatchObject({ retry_safe: false });
  server = await at.aServer(false);

  const input = at.fresh();
  at.upstream.lose(1);
  const { body } = await read(input);
  expect(body.data).toMatchObject({ status: 'unknown' });
  expect(at.sent(input.id)).toBe(1);
  expect(await recordOf(body.data.invocation_id)).toMatchObject({ effect: { status: 'unknown' }, earlier_effects: [] });
});

it('is sent again where an administrator marked it, with an intent and an event for each attempt', async () => {
  await mark('read_note', true);
  const input = at.fresh();
  const key = newKey();
  at.upstream.lose(2);
  const { body } = await read(input, key);
  expect(body.data).toMatchObject({ status: 'succeeded', output: { content: [{ text: `note ${input.id}` }] } });
  expect(at.sent(input.id)).toBe(3);
  const { invocation_id: id } = body.data;
  const record = await recordOf(id);
  expect(record).toMatchObject({
    effect: { phase: 'upstream:3', status: 'settled', outcome: 'succeeded' },
    earlier_effects: [
      { phase: 'upstream', status: 'settled', outcome: 'succeeded' },
      { phase: 'upstream:2', status: 'settled', outcome: 'succeeded' },
    ],
    evidence: [{ outcome: 'succeeded', first: true }],
  });
  const events = await at.eventsOf(id, 'tool_invocation_retried');
  expect(events).toMatchObject([
    { evidence: { attempt: 2, lost_reason: 'network_error', lost_intent_id: record.earlier_effects[0].intent_id } },
    { evidence: { attempt: 3, intent_id: record.effect.intent_id } },
  ]);
  const { rows } = await at.stack.owner.query(
    `select i.phase, o.outcome, o.first, o.reason from effect_intents i join effect_outcomes o using (intent_id)
      where i.subject = $1 order by i.phase, o.first desc`,
    [`tool:${id}`],
  );
  const resolved = { outcome: 'succeeded', first: false, reason: 'answered_when_sent_again' };
  expect(rows).toEqual([
    { phase: 'upstream', outcome: 'unknown', first: true, reason: 'network_error' },
    { phase: 'upstream', ...resolved },
    { phase: 'upstream:2', outcome: 'unknown', first: true, reason: 'network_error' },
    { phase: 'upstream:2', ...resolved },
    { phase: 'upstream:3', outcome: 'succeeded', first: true, reason: null },
  ]);
  // The same key is answered from what is stored.
  expect((await read(input, key)).body.data).toEqual(body.data);
  expect(at.sent(input.id)).toBe(3);
});

it('is unknown after three, and all of them are resolved by whoever finds out', async () => {
  await mark('read_note', true);
  const input = at.fresh();
  at.upstream.lose(3);
  const { body } = await read(input);
  expect(body.data).toMatchObject({ status: 'unknown' });
  expect(at.sent(input.id)).toBe(3);
  const { invocation_id: id } = body.data;
  const before = await recordOf(id);
  expect(before).toMatchObject({
    effect: { status: 'unknown' },
    earlier_effects: [{ status: 'unknown' }, { status: 'unknown' }],
  });
  // What is said of one attempt is not said of the call.
  const [first] = before.earlier_effects;
  const resolution = { outcome: 'failed', reason: 'it never arrived' };
  expect(await at.admin().post(`/effects/${first.intent_id}/resolve`, resolution)).toMatchObject({
    status: 200,
  });
  expect(await recordOf(id)).toMatchObject({ outcome: 'unknown', effect: { status: 'unknown' } });
  const said = { outcome: 'succeeded', reason: 'the note was read' };
  expect(await at.admin().post(`${base()}/invocations/${id}/resolve`, said)).toMatchObject({ status: 200 });
  expect(await recordOf(id)).toMatchObject({
    ...{ outcome: 'succeeded', effect: { outcome: 'succeeded' } },
    earlier_effects: [{ outcome: 'failed' }, { outcome: 'succeeded' }],
  });
});

it('is decided anew before it is sent again: a token of the rate, the tool, the rules', async () => {
  await mark('read_note', true);
  const path = `${base()}/tools/${server.tools.read_note}`;
  const input = at.fresh();
  expect(await at.admin().put(path, { max_calls_per_minute: 1 })).toMatchObject({ status: 200 });
  await at.stack.owner.query(`delete from rate_limit_buckets where subject_id = $1`, [server.tools.read_note]);
  at.upstream.lose(1);
  const { body } = await read(input);
  expect(body.data).toMatchObject({ status: 'unknown' });
  expect(at.sent(input.id)).toBe(1);
  await at.admin().put(path, { max_calls_per_minute: 1000 });
  await at.stack.owner.query(`delete from rate_limit_buckets where subject_id = $1`, [server.tools.read_note]);
});

it('never sends an answer that it failed again', async () => {
  await mark('get_error', true);
  const before = at.upstream.calls.length;
  const { body } = await invoke(at.developer(), server, { tool: 'get_error', input: {} });
  expect(body.data).toMatchObject({ status: 'failed', error_code: 'tool_error' });
  expect(at.upstream.calls).toHaveLength(before + 1);
});

it('is not marked any more once its definition has drifted', async () => {
  // Its own look would find the definition that is pinned.
  await untilDiscovered(at.stack.owner, server.serverId);
  await mark('read_note', true);
  expect(await toolOf('read_note')).toMatchObject({ retry_safe: true });
  await discover(toolDefinitions);
  expect(await toolOf('read_note')).toMatchObject({ retry_safe: true });
  await discover(toolDefinitions.map((tool) => ({ ...tool, description: 'another' })));
  expect(await toolOf('read_note')).toMatchObject({ retry_safe: false, definition_state: 'changed' });
  await discover(toolDefinitions);
  expect(await toolOf('read_note')).toMatchObject({ retry_safe: false, definition_state: 'pinned' });
});
