import { readMessage, sendMessage } from '../support/agent';
import { anActivePolicy } from '../support/active-policy';
import { ApiClient } from '../support/api-client';
import { startOidcIssuer, type TestIssuer } from '../support/oidc-issuer';
import { issuerRule } from '../support/oidc-rule';
import { startTestStack, type TestStack } from '../support/stack';
import { registerToolServer, startToolServer, type ToolServer } from '../support/tool-server';
import { until } from '../support/until';

let issuer: TestIssuer;
let server: ToolServer;
let stack: TestStack;
beforeAll(async () => {
  [issuer, server] = await Promise.all([startOidcIssuer(), startToolServer()]);
  stack = await startTestStack({
    egressAllow: [issuer.host, server.host],
    oidcIssuers: (core) => [issuerRule(issuer.issuer, core)],
  });
  await registerToolServer(stack, { name: 'notes', url: server.url });
  await anActivePolicy(stack.api(), 'notes', { tool_rules: [{ effect: 'allow', servers: ['notes'] }] });
});
afterAll(async () => {
  await stack?.stop();
  await server?.close();
  await issuer?.stop();
});

const tokenOf = (sub: string, roles: readonly string[]) => issuer.sign({ sub, org: 'acme', roles });
const call = async (key: string, name: string, args: object, idempotencyKey: string) => {
  const params = { name, arguments: args, _meta: { 'io.aos/idempotency-key': idempotencyKey } };
  return (await readMessage(await sendMessage(stack.url, { key, method: 'tools/call', params }))).result;
};

it('calls a tool for an agent with a token, which goes no further than the gateway', async () => {
  const token = await tokenOf('agent', ['helpers']);
  const { result } = await readMessage(await sendMessage(stack.url, { key: token, method: 'tools/list' }));
  expect(result.tools.map(({ name }: { name: string }) => name)).toContain('notes__read_note');
  expect(await call(token, 'notes__read_note', { id: 'a' }, 'k')).toMatchObject({
    content: [{ type: 'text', text: 'note a' }],
    _meta: { 'io.aos/outcome': 'succeeded' },
  });
  expect(server.requests.length).toBeGreaterThan(0);
  const [, , signature] = token.split('.');
  const seen = server.requests.map(({ headers, url }) => JSON.stringify([headers, url]));
  expect(seen.filter((request) => request.includes(`${signature}`) || /authorization/i.test(request))).toEqual([]);
  const { rows } = await stack.owner.query(
    `select actor_id, actor_type from mcp_tool_calls where tool_name = 'read_note'`,
  );
  expect(rows).toEqual([{ actor_id: expect.stringMatching(/^idn_[0-9a-f]{32}$/), actor_type: 'human' }]);
});

it('makes one call of the same key for two tokens of one subject, and two for two subjects', async () => {
  const outcomes = await Promise.all(
    (['one', 'one', 'other'] as const).map(async (sub) =>
      call(await tokenOf(sub, ['helpers']), 'notes__get_rich', {}, 'the-same-key'),
    ),
  );
  const [first, again, other] = outcomes.map(({ _meta }) => _meta['io.aos/invocation-id']);
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

it('turns away what is no good token, and says where to get one', async () => {
  const answer = await sendMessage(stack.url, { key: await issuer.sign({ aud: 'other' }), method: 'tools/list' });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe(
    `Bearer error="invalid_token", resource_metadata="${stack.url}/.well-known/oauth-protected-resource/mcp"`,
  );
  expect((await readMessage(answer)).error.message).toContain('another audience');
});

it('lets two people be two principals: nobody decides about his own call, nor with a key that he made', async () => {
  const asker = await tokenOf('asker', ['owners']);
  const asking = new ApiClient(stack.url, asker);
  const waiting = await call(asker, 'notes__delete_note', { id: 'b' }, 'to-be-approved');
  const approvalId = waiting._meta['io.aos/approval-id'] as string;
  const said = { decision: 'approve', reason: 'looked at it' };
  const decideAs = (client: ApiClient) => client.post(`/approvals/${approvalId}/decide`, said);

  expect((await decideAs(asking)).body.error).toMatchObject({ reason: 'ACCESS_DENIED' });
  const made = await asking.post('/api-keys', { name: 'my own', role: 'admin' });
  expect((await decideAs(new ApiClient(stack.url, made.body.data.key))).body.error).toMatchObject({
    reason: 'ACCESS_DENIED',
  });
  // Another token of the same person, from another client, is the same person.
  const elsewhere = await issuer.sign({ sub: 'asker', org: 'acme', roles: ['owners'], client_id: 'other-app' });
  expect((await decideAs(new ApiClient(stack.url, elsewhere))).body.error).toMatchObject({ reason: 'ACCESS_DENIED' });

  const other = new ApiClient(stack.url, await tokenOf('decider', ['owners']));
  expect((await decideAs(other)).status).toBe(200);
  expect(await call(asker, 'notes__delete_note', { id: 'b' }, 'to-be-approved')).toMatchObject({
    content: [{ type: 'text', text: 'deleted' }],
  });
});

const runOut = async (subject: string) => {
  await stack.owner.query(
    `update iam_identity_roles r set valid_until = now() - interval '1 second' from iam_identities i
      where i.identity_id = r.identity_id and i.subject = $1`,
    [subject],
  );
};
const block = async (subject: string) => {
  const { rows } = await stack.owner.query('select identity_id from iam_identities where subject = $1', [subject]);
  const path = `/identities/${rows[0]?.identity_id as string}/block`;
  expect((await stack.api().post(path, { reason: 'left' })).status).toBe(200);
};

it.each([
  ['whose roles have run out', runOut],
  ['who has been blocked', block],
])('calls nothing for a subject %s while the call waited', async (what, leave) => {
  const asker = await tokenOf(what, ['helpers']);
  const waiting = await call(asker, 'notes__delete_note', { id: what }, 'too-late');
  const approvalId = waiting._meta['io.aos/approval-id'] as string;
  await leave(what);
  const decider = new ApiClient(stack.url, await tokenOf('decider', ['owners']));
  const said = { decision: 'approve', reason: 'looked at it' };
  expect((await decider.post(`/approvals/${approvalId}/decide`, said)).status).toBe(200);
  const invocationId = waiting._meta['io.aos/invocation-id'] as string;
  const outcomeOf = async () => {
    const { rows } = await stack.owner.query('select outcome from mcp_tool_calls where invocation_id = $1', [
      invocationId,
    ]);
    return rows[0]?.outcome as string | null;
  };
  await until(async () => (await outcomeOf()) !== null);
  expect(await outcomeOf()).toBe('refused');
  expect(server.calls.filter(({ input }) => (input as { id?: string }).id === what)).toEqual([]);
});
