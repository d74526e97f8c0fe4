import { demonstrateTools } from '../../../scripts/stack/demonstration/tools';
import { startFakeRest, type Answer, type FakeRest } from '../../support/fake-rest';

const base = '/integrations/mcp-servers';
const servers = `GET ${base}?limit=1000`;
const refusal = (reason: string, details = {}): Answer => ({
  status: 403,
  error: { code: 'policy_violation', reason, message: 'no', details },
});

let rest: FakeRest | undefined;
afterEach(() => rest?.close());

async function show(change: Record<string, Answer> = {}, { hasSecond = true } = {}) {
  const discoveries = [{ state: 'pending' }, { state: 'completed' }];
  const states = ['waiting', 'settled'];
  const items = ['read', 'forward', 'delete'].map((what) => ({
    name: `${what}_ticket`,
    tool_id: what,
    risk_level: 'low',
  }));
  const answers: Record<string, () => Answer> = {
    [servers]: () => ({ data: { items: [] } }),
    [`POST ${base}`]: () => ({ data: { server_id: 's' } }),
    [`GET ${base}/s`]: () => ({ data: { discovery: discoveries.shift() } }),
    [`GET ${base}/s/tools`]: () => ({ data: { items } }),
    'POST /policies': () => ({ data: { policy_id: 'p' } }),
    'POST /policies/p/lifecycle': () => ({ data: {} }),
    [`POST ${base}/s/tools/read/invoke`]: () => ({
      data: { status: 'succeeded', invocation_id: 'inv_1', output: { content: [{ type: 'text', text: 'toner' }] } },
    }),
    [`POST ${base}/s/tools/forward/invoke`]: () => refusal('POLICY_DENIED', { invocation_id: 'inv_2' }),
    [`POST ${base}/s/tools/delete/invoke`]: () => ({
      ...{ status: 202, data: { status: 'pending', approval_id: 'apr_1', invocation_id: 'inv_3' } },
    }),
    [`GET ${base}/s/invocations/inv_3`]: () => ({
      data: { state: states.shift(), outcome: 'succeeded', invocation_id: 'inv_3' },
    }),
  };
  const decided: string[] = [];
  rest = await startFakeRest((request, _body, key) => {
    if (change[request] !== undefined) return change[request];
    if (request !== 'POST /approvals/apr_1/decide') return answers[request]?.() ?? { status: 404, error: {} };
    decided.push(key);
    return key === 'second' ? { data: {} } : refusal('ACCESS_DENIED');
  });
  const said: string[] = [];
  const secondAdminKey = hasSecond ? 'second' : undefined;
  const keys = { adminKey: 'first', secondAdminKey, developerKey: 'developer' };
  const say = (line: string) => void said.push(line);
  const { signal } = new AbortController();
  await demonstrateTools({ apiUrl: rest.url, ...keys, say, signal });
  return { said: said.join('\n'), decided, requests: rest.requests };
}

it('shows a call that is allowed, one that is refused and one that another administrator approves', async () => {
  const { said, decided } = await show();
  expect(said).toMatch(/read_ticket T-1 +succeeded: toner\n +evidence inv_1\n/);
  expect(said).toMatch(/forward_ticket T-2 +refused: .*POLICY_DENIED.*\n +evidence inv_2\n/);
  expect(said).toMatch(/delete_ticket T-3 +pending: approval apr_1\n +refused to .*ACCESS_DENIED.*\n +approved by/);
  expect(said).toMatch(/delete_ticket T-3 +succeeded\n +evidence inv_3$/);
  expect(decided).toEqual(['first', 'second']);
});

it('leaves the approval to a person where there is no second administrator', async () => {
  const { said, decided } = await show({}, { hasSecond: false });
  expect(decided).toEqual(['first']);
  expect(said).toMatch(/left to you: npx aos approvals list.*$/);
});

it('does nothing where the server is there', async () => {
  const { said, requests } = await show({ [servers]: { data: { items: [{ name: 'tickets', status: 'active' }] } } });
  expect(said).toBe('The example server tickets is there already (ACTIVE).');
  expect(requests).toEqual([servers]);
});

it('says why the server cannot be run here', async () => {
  const discovery = { state: 'failed', error: { message: 'No command can be kept from the network on this machine.' } };
  await expect(show({ [`GET ${base}/s`]: { data: { discovery } } })).rejects.toThrow('kept from the network');
});

it('fails when what should be refused is done', async () => {
  await expect(show({ [`POST ${base}/s/tools/forward/invoke`]: { data: {} } })).rejects.toThrow('is not permitted');
});
