import { startFakeApi, type FakeApi } from './fake-api';
import { runCommand } from './run-command';

const server = 'mcp_0123456789ab';
const tool = 'tool_0123456789ab';
const hash = `${'ab'.repeat(6)}${'0'.repeat(52)}`;
const base = '/integrations/mcp-servers';

let api: FakeApi;
beforeAll(async () => {
  api = await startFakeApi();
});
afterAll(() => api.stop());
beforeEach(() => {
  api.reset();
  api.on(`GET ${base}`, { data: { items: [{ server_id: server, name: 'crm' }] } });
  api.on(`GET ${base}/${server}/tools`, { data: { items: [changed] } });
});

const changed = {
  tool_id: tool,
  ...{ name: 'read_note', risk_level: 'low', definition_state: 'changed', enabled: true, grant: null },
  seen: { seen_hash: hash, differences: [{ field: '/description', from: '"Reads."', to: '"Reads and sends."' }] },
};

const run = (args: string) => runCommand(args.split(' '), { url: api.url });
const bodiesTo = (path: string) => api.seen.filter((each) => each.path === path).map(({ body }) => body);

test('a server is added, and waited for until its tools are pinned', async () => {
  let looks = 0;
  api.on(`POST ${base}`, { data: { server_id: server, status: 'pending' } });
  api.on(`GET ${base}/${server}`, () => {
    const state = (looks += 1) < 3 ? 'pending' : 'completed';
    return { data: { server_id: server, status: 'active', tool_count: 4, findings: [], discovery: { state } } };
  });
  const { exitCode, stdout, stderr } = await run('servers add crm https://crm.example/mcp --no-approval --tag sales');
  expect({ exitCode, looks }).toEqual({ exitCode: 0, looks: 3 });
  expect(stdout).toMatch(/status +active\ntools +4\n/);
  expect(stderr).toContain('its tools are being looked at');
  expect(bodiesTo(base)).toContainEqual({
    ...{ name: 'crm', url: 'https://crm.example/mcp', tags: ['sales'], requires_approval: false },
  });
});

test('a command of the operator is added by its name', async () => {
  api.on(`POST ${base}`, { data: { server_id: server, status: 'pending' } });
  expect(await run('servers add files stdio:files --no-wait')).toMatchObject({ exitCode: 0 });
  expect(bodiesTo(base)).toEqual([{ name: 'files', url: 'stdio:files', transport: 'stdio', requires_approval: true }]);
});

test('a discovery that is pending is asked for again under the same key; one that failed says why', async () => {
  let asked = 0;
  api.on(`POST ${base}/${server}/discover`, () => {
    const error = { code: 'network_error', message: 'no answer' };
    return { data: (asked += 1) < 3 ? { state: 'pending' } : { state: 'failed', error, changed: [], findings: [] } };
  });
  const { exitCode, stdout } = await run('servers discover crm');
  expect({ exitCode, asked }).toEqual({ exitCode: 1, asked: 3 });
  expect(stdout).toContain('network_error: no answer');
  const keys = api.seen.filter(({ method }) => method === 'POST').map(({ headers }) => headers['idempotency-key']);
  expect(new Set(keys).size).toBe(1);
});

test('a discovery that does not end in time is given up with the advice to look for the worker', async () => {
  api.on(`POST ${base}/${server}/discover`, { data: { state: 'pending' } });
  const { exitCode, stderr } = await run('servers discover crm --timeout 5');
  expect({ exitCode, stderr }).toEqual({ exitCode: 5, stderr: expect.stringContaining('aos status') });
});

test('what changed is shown with the command that approves it, and that command approves just that', async () => {
  const shown = await run('servers tools crm');
  expect(shown.stdout).toMatch(/\/description +"Reads\." +"Reads and sends\."/);
  const approve = `servers approve crm read_note:${hash.slice(0, 12)} --reason`;
  expect(shown.stderr).toContain(`aos ${approve}`);

  api.on(`POST ${base}/${server}/approve-definitions`, { data: { server_id: server, approved: 1 } });
  expect(await run(`${approve} fine`)).toMatchObject({ exitCode: 0, stdout: '1 definition of crm approved\n' });
  expect(bodiesTo(`${base}/${server}/approve-definitions`)).toEqual([
    { tools: [{ tool_id: tool, seen_hash: hash }], reason: 'fine' },
  ]);
});

test.each([
  ['read_note', 2, 'not of the form'],
  ['read_note:0123456789ab', 3, 'look at it again'],
  ['other:0123456789ab', 3, 'look at it again'],
])('%s is not approved', async (shown, exitCode, message) => {
  const result = await run(`servers approve crm ${shown} --reason fine`);
  expect(result).toMatchObject({ exitCode, stderr: expect.stringContaining(message) });
  expect(api.seen.filter(({ method }) => method === 'POST')).toEqual([]);
});

test.each([
  ['servers set crm --disable', '', { enabled: false }],
  [
    'servers set crm --resume --no-rate --no-policy',
    '',
    {
      ...{ suspended: false, rate_limit_requests: null, default_policy_id: null },
    },
  ],
  [
    'servers set crm --rate 5 --per 10 --approval',
    '',
    {
      ...{ rate_limit_requests: 5, rate_limit_window_seconds: 10, requires_approval: true },
    },
  ],
  ['tools set crm read_note --risk high --no-retry-safe', `/tools/${tool}`, { risk_level: 'high', retry_safe: false }],
  [
    'tools set crm read_note --enable --explicit-allow --permission execute:mcp:crm:*',
    `/tools/${tool}`,
    {
      ...{ enabled: true, requires_explicit_allow: true, required_permissions: ['execute:mcp:crm:*'] },
    },
  ],
])('%s', async (args, path, body) => {
  api.on(`PUT ${base}/${server}${path}`, { data: {} });
  expect(await run(args)).toMatchObject({ exitCode: 0 });
  expect(bodiesTo(`${base}/${server}${path}`)).toContainEqual(body);
});

test.each(['servers set crm', 'servers set crm --enable --disable', 'tools set crm read_note', 'tools grant crm x'])(
  '%s is wrong usage',
  async (args) => {
    expect(await run(args)).toMatchObject({ exitCode: 2 });
    expect(api.seen.filter(({ method }) => method !== 'GET')).toEqual([]);
  },
);
