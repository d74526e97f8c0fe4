import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { invoke } from '../support/held-calls';
import { startTestStack, type TestStack } from '../support/stack';
import { registerToolServer, startToolServer, type RegisteredServer, type ToolServer } from '../support/tool-server';
import { runCommand } from '../unit/cli/run-command';

let upstream: ToolServer;
let stack: TestStack;
let notes: RegisteredServer;
let inForce: string;
beforeAll(async () => {
  upstream = await startToolServer();
  stack = await startTestStack({ egressAllow: [upstream.host] });
  notes = await registerToolServer(stack, { name: 'notes', url: upstream.url });
  inForce = await draft([{ effect: 'allow' }, { effect: 'deny', tools: ['get_large'] }]);
  const active = { target: 'ACTIVE', reason: 'test' };
  expect(await stack.api().post(`/policies/${inForce}/lifecycle`, active)).toMatchObject({ status: 200 });
});
afterAll(async () => {
  await stack?.stop();
  await upstream?.close();
});

let drafts = 0;
async function draft(rules: readonly object[]): Promise<string> {
  drafts += 1;
  const policy = { name: `draft ${drafts}`, enforcement_mode: 'BLOCK', conditions: { tool_rules: rules } };
  const made = await stack.api().post('/policies', policy);
  expect(made.status).toBe(201);
  return made.body.data.policy_id as string;
}

async function call(tool: string, input: object): Promise<string> {
  const { body } = await invoke(stack.api('developer'), notes, { tool, input });
  return (body.data?.invocation_id ?? body.error.details.invocation_id) as string;
}

const rulesOf = (rules: readonly object[], mode = 'BLOCK') => ({
  policy: { enforcement_mode: mode, conditions: { tool_rules: rules } },
});

async function simulate(body: object) {
  const answer = await stack.api().post('/policies/simulate', body);
  expect(answer).toMatchObject({ status: 200 });
  return answer.body.data;
}

type Item = { invocation_id: string };
const itemOf = (data: { calls: { items: Item[] } }, id: string) =>
  data.calls.items.find(({ invocation_id: found }) => found === id);

async function eventOf(eventId: string) {
  const { rows } = await stack.owner.query(`select evidence from audit_events where event_id = $1`, [eventId]);
  return rows[0]?.evidence as Record<string, unknown>;
}

it('says what a draft would have made of past calls, and changes nothing', async () => {
  const [mild, grave] = [await call('read_note', { id: 'mild' }), await call('read_note', { id: 'grave' })];
  const policyId = await draft([{ effect: 'deny', tools: ['read_note'], when: 'args.id == "grave"', message: 'no' }]);
  const before = upstream.calls.length;
  const data = await simulate({ policy_id: policyId, calls: { tool_id: notes.tools.read_note } });
  expect(data).toMatchObject({
    policy_id: policyId,
    call: null,
    calls: {
      ...{ simulated: 2, not_simulated: [], truncated_by: null },
      changes: [
        { from: 'allow', to: 'allow', calls: 1 },
        { from: 'allow', to: 'deny', calls: 1 },
      ],
    },
  });
  expect(itemOf(data, mild)).toMatchObject({ simulated: { decision: 'allow' } });
  expect(itemOf(data, grave)).toMatchObject({
    decided: { decision: 'allow', policy_id: inForce },
    current: { decision: 'allow' },
    simulated: { decision: 'deny', deny_reason: 'policy_violation', policy_id: policyId, message: 'no' },
  });
  expect(JSON.stringify(data)).not.toMatch(/mild|grave/);
  expect(upstream.calls).toHaveLength(before);
  expect((await stack.api().get(`/policies/${policyId}`)).body.data).toMatchObject({ status: 'DRAFT' });
  expect(await eventOf(data.audit_event_id)).toMatchObject({
    ...{ is_saved: true, calls: 2, arguments_opened: [] },
    rules: [{ effect: 'deny', when: 'args.id == "grave"' }],
  });
});

it('says what a policy that is only thought of would let pass, in the place of one in force', async () => {
  const denied = await call('get_large', { n: 7 });
  const looser = rulesOf([{ effect: 'allow' }, { effect: 'deny', tools: ['get_large'], when: 'args.n > 100' }]);
  expect(itemOf(await simulate({ ...looser, replaces: inForce }), denied)).toMatchObject({
    decided: { decision: 'deny', reason: 'POLICY_DENIED', policy_id: inForce },
    current: { decision: 'deny' },
    simulated: { decision: 'allow', policy_id: inForce },
  });
  // Added to those in force it frees nothing: deny goes first.
  expect(itemOf(await simulate(looser), denied)).toMatchObject({ simulated: { decision: 'deny' } });
});

it('opens sealed arguments where the preview does not show them whole, on record, and says where they are gone', async () => {
  const id = await call('get_rich', { api_key: 'aos-77' });
  const policy = rulesOf([{ effect: 'deny', tools: ['get_rich'], when: 'args.api_key.startsWith("aos-")' }]);
  const asked = { ...policy, calls: { tool_id: notes.tools.get_rich } };
  const data = await simulate(asked);
  expect(itemOf(data, id)).toMatchObject({ simulated: { decision: 'deny' } });
  expect(JSON.stringify(data)).not.toContain('aos-77');
  expect(await eventOf(data.audit_event_id)).toMatchObject({ is_saved: false, arguments_opened: [id] });

  await stack.owner.query('update mcp_tool_calls set input = null where invocation_id = $1', [id]);
  const later = await simulate(asked);
  expect(itemOf(later, id)).toMatchObject({ simulated: null, not_simulated: 'arguments_not_kept' });
  expect(later.calls.not_simulated).toEqual([{ reason: 'arguments_not_kept', calls: 1 }]);
  const blind = await simulate({ ...rulesOf([{ effect: 'deny', tools: ['get_rich'] }]), calls: asked.calls });
  expect(itemOf(blind, id)).toMatchObject({ simulated: { decision: 'deny' } });
});

it('notes what a policy in AUDIT would have said', async () => {
  const id = await call('get_error', {});
  const policy = rulesOf([{ effect: 'deny', tools: ['get_error'] }], 'AUDIT');
  expect(itemOf(await simulate(policy), id)).toMatchObject({
    simulated: { decision: 'allow', noted: [{ enforcement_mode: 'AUDIT', effect: 'deny', failure: null }] },
  });
});

it('takes a policy that does not say its mode for what it would be saved as', async () => {
  const id = await call('read_note', { id: 'unsaid' });
  const unsaid = { conditions: { tool_rules: [{ effect: 'deny', tools: ['read_note'] }] } };
  const calls = { tool_id: notes.tools.read_note, limit: 1 };
  const { body } = await stack.api().post('/policies', { name: 'unsaid', ...unsaid });
  for (const tried of [{ policy_id: body.data.policy_id }, { policy: unsaid }]) {
    const data = await simulate({ ...tried, calls });
    expect(data.enforcement_mode).toBe(body.data.enforcement_mode);
    expect(itemOf(data, id)).toMatchObject({
      simulated: { decision: 'allow', noted: [{ enforcement_mode: 'WARN', effect: 'deny' }] },
    });
  }
});

it('decides about a call that nobody made', async () => {
  const policy = rulesOf([{ effect: 'require_approval', when: '"agent" in caller.roles', approvers: 2 }]);
  const tried = (input: object, role = 'agent') => ({
    ...policy,
    call: { server_id: notes.serverId, tool_id: notes.tools.read_note, input, role },
  });
  expect(await simulate(tried({ id: 'a' }))).toMatchObject({
    calls: null,
    call: { current: { decision: 'allow' }, simulated: { decision: 'require_approval', approvers: 2 } },
  });
  expect(await simulate(tried({ id: 'a' }, 'viewer'))).toMatchObject({ call: { simulated: { decision: 'deny' } } });
  expect(await stack.api().post('/policies/simulate', tried({ id: 7 }))).toMatchObject({
    status: 400,
    body: { error: { reason: 'validation_error', details: { field: 'input.id' } } },
  });
});

it('sees what arguments hold that pass themselves off as a message of the rules’ own', async () => {
  const when = 'has(args.id) && args.id == "secret" && now > timestamp("2026-01-01T00:00:00Z")';
  const policy = rulesOf([{ effect: 'allow' }, { effect: 'deny', when, message: 'seen' }]);
  const input = { id: 'secret', $typeName: 'google.protobuf.Struct', fields: {} };
  const imagined = { server_id: notes.serverId, tool_id: notes.tools.read_note, input, role: 'agent' };
  expect(await simulate({ ...policy, call: imagined })).toMatchObject({
    call: { current: { decision: 'allow' }, simulated: { decision: 'deny', message: 'seen' } },
  });
});

it('tries the newest calls only, and says that there are more', async () => {
  const newest = await call('read_note', { id: 'newest' });
  const data = await simulate({ policy_id: inForce, calls: { limit: 1 } });
  expect(data.calls).toMatchObject({ truncated_by: 'calls', items: [{ invocation_id: newest }] });
  const none = await simulate({ policy_id: inForce, calls: { until: '2020-01-01T00:00:00Z' } });
  expect(none.calls).toMatchObject({ truncated_by: null, items: [] });
});

it.each([
  ['neither policy', {}, 400],
  ['a policy twice', { policy_id: 'pol_000000000000', policy: { conditions: {} } }, 400],
  ['an expression that cannot be', rulesOf([{ effect: 'deny', when: 'nobody.knows' }]), 400],
  ['no such policy', { policy_id: 'pol_000000000000' }, 404],
  ['nothing to replace', { ...rulesOf([]), replaces: 'pol_000000000000' }, 404],
])('refuses %s', async (_what, body, status) => {
  expect(await stack.api().post('/policies/simulate', body)).toMatchObject({ status });
});

it('is for those who write policies', async () => {
  const body = { policy_id: inForce };
  expect(await stack.api('developer').post('/policies/simulate', body)).toMatchObject({ status: 403 });
});

it('makes a policy of the file that was tried, on the command line', async () => {
  const { url, folder } = stack;
  const env = { AOS_API_URL: url, AOS_API_KEY: stack.keys.tenants[0]?.admin_key ?? '' };
  const aos = (...args: string[]) => runCommand(args, { env, cwd: folder });
  const write = (rules: readonly object[]) =>
    writeFile(path.join(folder, 'rules.json'), JSON.stringify({ conditions: { tool_rules: rules } }));

  await write([{ effect: 'deny', tools: ['read_note'], when: 'args.id ==' }]);
  const { exitCode, stderr } = await aos('policies', 'create', 'no secrets', '--from', 'rules.json');
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/validation_error.*conditions\.tool_rules\.0\.when: /);

  await write([{ effect: 'deny', tools: ['read_note'], when: 'args.id == "secret"' }]);
  await call('read_note', { id: 'secret' });
  const tried = await aos('policies', 'simulate', '--from', 'rules.json', '--server', 'notes', '--tool', 'read_note');
  expect(tried.stdout).toMatch(/allow +deny +1/);
  expect(await aos('policies', 'create', 'no secrets', '--from', 'rules.json')).toMatchObject({ exitCode: 0 });
  const activated = await aos('policies', 'activate', 'no secrets', '--reason', 'tried');
  expect(activated).toMatchObject({ exitCode: 0 });
  expect(await invoke(stack.api('developer'), notes, { input: { id: 'secret' } })).toMatchObject({
    ...{ status: 403, body: { error: { reason: 'POLICY_DENIED' } } },
  });
  expect(await invoke(stack.api('developer'), notes, { input: { id: 'open' } })).toMatchObject({ status: 200 });
});
