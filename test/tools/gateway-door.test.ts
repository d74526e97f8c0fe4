import { request } from 'node:http';
import { readMessage, sendMessage } from '../support/agent';
import { rawCall } from '../support/raw-call';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack?.stop());

const keyOf = (role: 'developer' | 'viewer') => stack.keys.tenants[0]?.[`${role}_key`] ?? '';
const list = { method: 'tools/list' };

it.each([
  ['a key that is none', 'aos_nothing', /unknown, expired or revoked/],
  ['a token of an identity provider', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.', /access tokens .* are not accepted/],
])('turns %s away, and says where to read what is wanted', async (_what, key, message) => {
  const answer = await sendMessage(stack.url, { ...list, key, path: '/mcp/notes' });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe(
    `Bearer error="invalid_token", resource_metadata="${stack.url}/.well-known/oauth-protected-resource/mcp/notes"`,
  );
  expect((await readMessage(answer)).error.message).toMatch(message);
});

it('asks who comes without a key for one', async () => {
  const answer = await rawCall(stack, { method: 'POST', path: '/mcp' });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe(
    `Bearer resource_metadata="${stack.url}/.well-known/oauth-protected-resource/mcp"`,
  );
});

it.each(['/mcp', '/mcp/notes'])('describes %s as a protected resource', async (path) => {
  const answer = await rawCall(stack, { method: 'GET', path: `/.well-known/oauth-protected-resource${path}` });
  expect(answer).toMatchObject({
    status: 200,
    body: { resource: `${stack.url}${path}`, bearer_methods_supported: ['header'] },
  });
});

it('lets nobody in who may neither call tools nor ask planes', async () => {
  const answer = await sendMessage(stack.url, { ...list, key: keyOf('viewer') });
  expect(answer.status).toBe(403);
  expect(await readMessage(answer)).toMatchObject({
    jsonrpc: '2.0',
    id: null,
    error: { data: { reason: 'ACCESS_DENIED' } },
  });
});

it('answers no page of a stranger, and none that takes its address for its own', async () => {
  const developer = { ...list, key: keyOf('developer') };
  expect((await sendMessage(stack.url, developer)).status).toBe(200);
  expect((await sendMessage(stack.url, { ...developer, headers: { origin: 'http://localhost:3000' } })).status).toBe(
    200,
  );
  expect((await sendMessage(stack.url, { ...developer, headers: { origin: 'https://evil.example' } })).status).toBe(
    403,
  );
  expect((await sendMessage(stack.url, { ...developer, headers: { origin: 'null' } })).status).toBe(403);
  expect(await statusUnder('evil.example')).toBe(403);
  expect(await statusUnder('localhost')).toBe(401);
});

function statusUnder(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${stack.url}/mcp`, { method: 'POST', headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', reject).end();
  });
}

it.each([
  ['no JSON', '{"jsonrpc":', 400, -32_700],
  ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32_600],
])('refuses %s', async (_what, body, status, code) => {
  const headers = { authorization: `Bearer ${keyOf('developer')}`, 'content-type': 'application/json' };
  expect(await rawCall(stack, { method: 'POST', path: '/mcp', headers, body })).toMatchObject({
    status,
    body: { error: { code } },
  });
});

it('keeps no session that could be ended', async () => {
  const headers = { authorization: `Bearer ${keyOf('developer')}`, accept: 'text/event-stream' };
  expect(await rawCall(stack, { method: 'DELETE', path: '/mcp', headers })).toMatchObject({ status: 405 });
});

it('pages through many tools, each once, and takes no cursor of another list', async () => {
  const developer = { key: keyOf('developer'), method: 'tools/list' };
  await stack.owner.query(
    `insert into mcp_servers (server_id, tenant_id, name, url, status, registered_by)
      select 'mcp_' || lpad(n::text, 12, '0'), $1, 'many-' || n, 'https://example.org/' || n, 'active', 'test'
      from generate_series(1, 3) n`,
    [stack.keys.tenants[0]?.tenant_id],
  );
  await stack.owner.query(
    `insert into mcp_tools (tool_id, tenant_id, server_id, name, input_schema, definition_hash, pinned_by, risk_level)
      select 'tool_' || lpad(to_hex(s * 1000 + n), 12, '0'), $1, 'mcp_' || lpad(s::text, 12, '0'), 'tool-' || n,
        '{"type":"object"}', repeat('0', 64), 'test', 'low'
      from generate_series(1, 3) s, generate_series(1, 400) n`,
    [stack.keys.tenants[0]?.tenant_id],
  );
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const params = cursor === undefined ? {} : { cursor };
    const { result } = await readMessage(await sendMessage(stack.url, { ...developer, params }));
    names.push(...result.tools.map(({ name }: { name: string }) => name));
    cursor = result.nextCursor;
    if (cursor !== undefined) {
      const foreign = await sendMessage(stack.url, { ...developer, params: { cursor }, path: '/mcp/many-1' });
      expect(await readMessage(foreign)).toMatchObject({ error: { code: -32_602 } });
    }
  } while (cursor !== undefined);
  expect(names).toHaveLength(1200);
  expect(names).toEqual([...new Set(names)].toSorted());
});

it('refuses a call whose headers say another thing than its arguments', async () => {
  const schema = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } };
  await stack.owner.query(
    `insert into mcp_tools (tool_id, tenant_id, server_id, name, input_schema, definition_hash, pinned_by, risk_level)
      values ('tool_ffffffffffff', $1, 'mcp_000000000001', 'mirrored', $2, repeat('1', 64), 'test', 'low')`,
    [stack.keys.tenants[0]?.tenant_id, schema],
  );
  const params = { name: 'many-1__mirrored', arguments: { region: 'north' } };
  const answer = await sendMessage(stack.url, {
    ...{ key: keyOf('developer'), method: 'tools/call', params },
    headers: { 'mcp-param-region': 'south' },
  });
  expect(answer.status).toBe(400);
  expect(await readMessage(answer)).toMatchObject({ error: { code: -32_020 } });
});
