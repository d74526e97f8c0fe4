import { agentsAt, type Era } from '../support/agent';
import { startChangingServer, type ChangingServer } from '../support/changing-server';
import { newKey } from '../support/operations';
import { rawCall } from '../support/raw-call';
import { startTestStack, type TestStack } from '../support/stack';
import { untilDiscovered } from '../support/tool-discoveries';
import { until } from '../support/until';

const eras: readonly Era[] = ['modern', 'older'];
const base = '/integrations/mcp-servers';

let server: ChangingServer;
let stack: TestStack;
const agents = agentsAt(() => stack);
const left = new AbortController();
beforeAll(async () => {
  server = await startChangingServer([]);
  stack = await startTestStack({ egressAllow: [server.host] });
});
afterAll(async () => {
  left.abort();
  await agents.leave();
  await stack?.stop();
  await server?.close();
});

async function aServer(name: string): Promise<string> {
  server.tools = [{ name: 'read_one' }, { name: 'read_two' }];
  const { body } = await stack.api().post(base, { name, url: server.url(), requires_approval: false });
  await untilDiscovered(stack.owner, body.data.server_id as string);
  return body.data.server_id as string;
}

async function look(serverId: string): Promise<void> {
  await stack.api().send('POST', `${base}/${serverId}/discover`);
  await untilDiscovered(stack.owner, serverId);
}

async function changeTool(serverId: string, name: string, change: object): Promise<void> {
  const { rows } = await stack.owner.query(`select tool_id from mcp_tools where server_id = $1 and name = $2`, [
    serverId,
    name,
  ]);
  expect(await stack.api().put(`${base}/${serverId}/tools/${rows[0].tool_id}`, change)).toMatchObject({ status: 200 });
}

async function approve(serverId: string, name: string): Promise<void> {
  const { rows } = await stack.owner.query(
    `select tool_id, seen_hash from mcp_tools where server_id = $1 and name = $2`,
    [serverId, name],
  );
  const answer = await stack.api().post(`${base}/${serverId}/approve-definitions`, { tools: rows, reason: 'looked' });
  expect(answer).toMatchObject({ status: 200, body: { data: { approved: 1 } } });
}

async function aKey(role: string): Promise<{ readonly key: string; readonly keyId: string }> {
  const { body } = await stack.api().post('/api-keys', { name: newKey(), role });
  return { key: body.data.key, keyId: body.data.key_id };
}

interface Listening {
  /** The lists that changed, as it was told. */
  readonly told: string[];
  /** When it is told no more. */
  readonly closed: Promise<unknown>;
}

const wanted = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };

/** Listens to all lists, as the revision does it. */
async function listen(era: Era, { path = '/mcp', key = developerKey() } = {}): Promise<Listening> {
  const told: string[] = [];
  if (era === 'older') {
    const response = await openStream(path, key);
    expect(response.status).toBe(200);
    return { told, closed: readAll(response, told) };
  }
  const client = await agents.connect({ path, key });
  for (const list of ['tools', 'prompts', 'resources'] as const) {
    client.setNotificationHandler(`notifications/${list}/list_changed`, () => void told.push(list));
  }
  const { honoredFilter, closed } = await client.listen({ ...wanted, resourceSubscriptions: ['note://one'] });
  // Of single resources nothing is told, and it says so.
  expect(honoredFilter).toEqual(wanted);
  return { told, closed };
}

const developerKey = () => stack.keys.tenants[0]?.developer_key ?? '';

const headersOf = (key: string) => ({ authorization: `Bearer ${key}`, accept: 'text/event-stream' });

const openStream = (path: string, key: string) =>
  fetch(stack.url + path, { headers: headersOf(key), signal: left.signal });

async function readAll({ body }: Response, told: string[]): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const bytes of body ?? []) {
      text += decoder.decode(bytes as Uint8Array, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const list = /^event: message\ndata: .*"notifications\/(\w+)\/list_changed"/.exec(event)?.[1];
        if (list !== undefined) told.push(list);
      }
    }
  } catch (error) {
    if (!left.signal.aborted) throw error;
  }
}

const untilTold = ({ told }: Listening, lists: readonly string[]) =>
  until(() => told.length >= lists.length, { what: `word of ${lists.join()}` });

describe.each(eras)('a listener of the %s revision', (era) => {
  it('is told when tools come, go, change, and are approved', async () => {
    const serverId = await aServer(`tools-${era}`);
    const one = await listen(era, { path: `/mcp/tools-${era}` });
    const all = await listen(era);
    const expected: string[] = [];
    const happens = async (change: () => Promise<unknown>) => {
      await change();
      expected.push('tools');
      await untilTold(one, expected);
      await untilTold(all, expected);
    };
    await happens(() => changeTool(serverId, 'read_one', { enabled: false }));
    await happens(() => changeTool(serverId, 'read_one', { enabled: true }));
    server.tools = [{ name: 'read_one', description: 'Reads otherwise.' }, { name: 'read_two' }];
    await happens(() => look(serverId));
    await happens(() => approve(serverId, 'read_one'));
    server.tools = [...server.tools, { name: 'read_three' }];
    await happens(() => look(serverId));
    await happens(() => stack.api().put(`${base}/${serverId}`, { enabled: false }));
    // What is found again as it was, and calls of tools, change no list.
    await look(serverId);
    await happens(() => stack.api().put(`${base}/${serverId}`, { enabled: true }));
    expect([one.told, all.told]).toEqual([expected, expected]);
  });

  it('is told of resources and prompts when agents may no longer read them', async () => {
    const serverId = await aServer(`contents-${era}`);
    await stack.owner.query(
      `insert into mcp_server_contents (server_id, kind, name, tenant_id, definition)
        select server_id, kind, 'note://one', tenant_id, '{}'
        from mcp_servers cross join unnest(array['resource', 'prompt']) kind where server_id = $1`,
      [serverId],
    );
    const one = await listen(era, { path: `/mcp/contents-${era}` });
    await stack.api().put(`${base}/${serverId}`, { requires_approval: true });
    await untilTold(one, ['prompts', 'resources']);
    expect(one.told.toSorted()).toEqual(['prompts', 'resources']);
  });

  it('is not told of what only others are offered', async () => {
    const serverId = await aServer(`hidden-${era}`);
    await changeTool(serverId, 'read_one', { required_permissions: ['manage:keys'] });
    const admin = await listen(era, { path: `/mcp/hidden-${era}`, key: stack.keys.tenants[0]?.admin_key ?? '' });
    const developer = await listen(era, { path: `/mcp/hidden-${era}` });
    await changeTool(serverId, 'read_one', { enabled: false });
    await untilTold(admin, ['tools']);
    await changeTool(serverId, 'read_two', { enabled: false });
    await untilTold(admin, ['tools', 'tools']);
    await untilTold(developer, ['tools']);
    expect([admin.told, developer.told]).toEqual([['tools', 'tools'], ['tools']]);
  });

  it('is told nothing of another tenant', async () => {
    const other = await listen(era, { key: stack.keys.tenants[1]?.developer_key ?? '' });
    const own = await listen(era);
    const serverId = await aServer(`own-${era}`);
    await untilTold(own, ['tools']);
    await stack.api().delete(`${base}/${serverId}`);
    await untilTold(own, ['tools', 'tools']);
    expect(other.told).toEqual([]);
  });

  it('is told nothing more once its key is revoked, or its server is gone', async () => {
    const serverId = await aServer(`ends-${era}`);
    const { key, keyId } = await aKey('developer');
    const revoked = await listen(era, { path: `/mcp/ends-${era}`, key });
    const other = await listen(era, { path: `/mcp/ends-${era}` });
    expect(await stack.api().delete(`/api-keys/${keyId}`)).toMatchObject({ status: 200 });
    await changeTool(serverId, 'read_one', { enabled: false });
    await revoked.closed;
    await untilTold(other, ['tools']);
    await stack.api().delete(`${base}/${serverId}`);
    await other.closed;
    expect([revoked.told, other.told]).toEqual([[], ['tools']]);
  });
});

it('holds so many streams of a key and no more', async () => {
  const { key } = await aKey('developer');
  const streams = await Promise.all([...Array(50).keys()].map(() => openStream('/mcp', key)));
  expect(streams.map(({ status }) => status)).toEqual(Array(50).fill(200));
  expect(await rawCall(stack, { method: 'GET', path: '/mcp', headers: headersOf(key) })).toMatchObject({
    status: 429,
    body: { error: { data: { code: 'rate_limited' } } },
  });
  for (const { body } of streams) await body?.cancel();
  await until(async () => (await openStream('/mcp', key)).status === 200, { what: 'a place for another stream' });
});

it.each([
  ['a server that is not there', '/mcp/nowhere', {}, 404],
  ['a client of 2026-07-28, which has none', '/mcp', { 'mcp-protocol-version': '2026-07-28' }, 405],
  ['a client that reads no streams', '/mcp', { accept: 'application/json' }, 405],
])('opens no stream of GET for %s', async (_whom, path, headers, status) => {
  const answer = await rawCall(stack, { method: 'GET', path, headers: { ...headersOf(developerKey()), ...headers } });
  expect(answer.status).toBe(status);
});
