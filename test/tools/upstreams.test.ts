import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectAgent } from '../support/agent';
import { childProgram } from '../support/child-program';
import { freePort } from '../support/free-port';
import { invoke } from '../support/held-calls';
import { startTestStack, type TestStack } from '../support/stack';
import type { RegisteredServer } from '../support/tool-server';
import { until } from '../support/until';

// Servers that were not written here, as their packages bring them.
const modules = path.join(__dirname, '../../node_modules');
const entry = (name: string) => path.join(modules, '@modelcontextprotocol', name, 'dist/index.js');
const base = '/integrations/mcp-servers';

let folder: string;
let web: ChildProcess;
let webUrl: string;
let stack: TestStack;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'aos-files-'));
  await chmod(folder, 0o777);
  await writeFile(path.join(folder, 'kept.txt'), 'kept');
  const port = await freePort();
  web = spawn(process.execPath, [entry('server-everything'), 'streamableHttp'], {
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: 'ignore',
  });
  webUrl = `http://127.0.0.1:${port}/mcp`;
  await until(async () => (await fetch(webUrl).catch(() => undefined)) !== undefined, { what: 'server-everything' });

  // Their own tests say what holds a command back; these are to run where that is not to be had too.
  const held = { isolation: 'as_offered', network: 'host' } as const;
  const code = { path: modules, access: 'read' } as const;
  const everything = childProgram([entry('server-everything'), 'stdio'], { ...held, folders: [code] });
  const files = childProgram([entry('server-filesystem'), folder], {
    ...held,
    folders: [code, { path: folder, access: 'write' }],
  });
  stack = await startTestStack({
    egressAllow: [`127.0.0.1:${port}`],
    stdioServers: () => ({ everything: { ...everything, tenants: '*' }, files: { ...files, tenants: '*' } }),
  });
  const conditions = { tool_rules: [{ effect: 'allow' }] };
  const policy = await stack.api().post('/policies', { name: 'p', enforcement_mode: 'BLOCK', conditions });
  await stack.api().post(`/policies/${policy.body.data.policy_id}/lifecycle`, { target: 'ACTIVE', reason: 'test' });
});
afterAll(async () => {
  await stack?.stop();
  web?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function register(body: { name: string; url: string; transport: string }) {
  const made = await stack.api().post(base, { ...body, requires_approval: false });
  expect(made).toMatchObject({ status: 201 });
  const serverId = made.body.data.server_id as string;
  let server: Record<string, unknown> = {};
  await until(
    async () => {
      server = (await stack.api().get(`${base}/${serverId}`)).body.data;
      return (server['discovery'] as { state: string }).state !== 'pending';
    },
    { what: 'the discovery' },
  );
  expect(server).toMatchObject({ status: 'active', discovery: { state: 'completed', error: null } });
  const { items } = (await stack.api().get(`${base}/${serverId}/tools`)).body.data as {
    items: { name: string; tool_id: string; risk_level: string }[];
  };
  const tools = Object.fromEntries(items.map(({ name, tool_id: id }) => [name, id]));
  const risks = Object.fromEntries(items.map(({ name, risk_level: risk }) => [name, risk]));
  return { server, risks, registered: { serverId, tools } satisfies RegisteredServer };
}

async function call(server: RegisteredServer, tool: string, input: object) {
  const { status, body } = await invoke(stack.api('developer'), server, { tool, input });
  expect({ status, body }).toMatchObject({ status: 200 });
  return body.data;
}

describe.each([
  ['stdio', () => 'stdio:everything'],
  ['http', () => webUrl],
])('server-everything over %s', (transport, url) => {
  let everything: RegisteredServer;
  beforeAll(async () => {
    const { server, registered } = await register({ name: `everything-${transport}`, url: url(), transport });
    everything = registered;
    expect(server).toMatchObject({ capabilities: ['tools', 'resources', 'prompts'], findings: expect.any(Array) });
    expect(server['tool_count']).toBeGreaterThanOrEqual(13);
    expect(server['resource_count']).toBeGreaterThan(0);
    expect(server['prompt_count']).toBeGreaterThan(0);
  });

  it('answers with its text', async () => {
    expect(await call(everything, 'echo', { message: 'hello' })).toMatchObject({
      ...{ status: 'succeeded', output: { content: [{ type: 'text', text: 'Echo: hello' }] } },
    });
  });

  it('brings structured content and pictures through intact', async () => {
    const weather = await call(everything, 'get-structured-content', { location: 'Chicago' });
    expect(JSON.parse(weather.output.content[0].text)).toEqual(weather.output.structuredContent);
    const { output } = await call(everything, 'get-tiny-image', {});
    const picture = (output.content as { type: string; data: string; mimeType: string }[]).find(
      ({ type }) => type === 'image',
    );
    expect(picture).toMatchObject({ mimeType: 'image/png' });
    expect(
      Buffer.from(picture?.data ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  });

  it('is waited for while it tells of its progress', async () => {
    const { status, output } = await call(everything, 'trigger-long-running-operation', { duration: 1, steps: 4 });
    expect({ status, text: output.content[0].text }).toMatchObject({
      status: 'succeeded',
      text: expect.stringContaining('completed'),
    });
  });

  it('is reached by an agent through the gateway', async () => {
    const agent = await connectAgent(stack, { path: `/mcp/everything-${transport}` });
    const { tools } = await agent.listTools();
    expect(tools.map(({ name }) => name)).toEqual(Object.keys(everything.tools).toSorted());
    const answer = await agent.callTool({ name: 'echo', arguments: { message: 'agent' } });
    expect(answer).toMatchObject({ content: [{ type: 'text', text: 'Echo: agent' }] });
    await agent.close();
  });

  it('is sent no arguments that do not fit', async () => {
    const input = { a: 'one', b: 2 };
    const answer = await invoke(stack.api('developer'), everything, { tool: 'get-sum', input });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_input' } } });
  });
});

it('shows server-everything no variable of the process that runs it', async () => {
  const { body } = await stack.api().get(`${base}?limit=1000`);
  const items = body.data.items as { name: string; server_id: string }[];
  const serverId = items.find(({ name }) => name === 'everything-stdio')?.server_id ?? '';
  const { items: tools } = (await stack.api().get(`${base}/${serverId}/tools`)).body.data;
  const tool = (tools as { name: string; tool_id: string }[]).find(({ name }) => name === 'get-env')?.tool_id ?? '';
  const { output } = await call({ serverId, tools: {} }, tool, {});
  const found = Object.keys(JSON.parse(output.content[0].text) as object).sort();
  expect(found).toEqual(['HOME', 'LANG', 'PATH', 'TMPDIR']);
});

describe('server-filesystem', () => {
  let files: RegisteredServer;
  beforeAll(async () => {
    const { registered, risks } = await register({ name: 'files', url: 'stdio:files', transport: 'stdio' });
    files = registered;
    // By its name a move is of medium risk; the server says that it destroys.
    expect(risks).toMatchObject({ read_text_file: 'low', write_file: 'high', move_file: 'high' });
  });
  const inside = (name: string) => path.join(folder, name);

  it('reads and writes in its folder', async () => {
    const read = await call(files, 'read_text_file', { path: inside('kept.txt') });
    expect(read).toMatchObject({ status: 'succeeded', output: { content: [{ type: 'text', text: 'kept' }] } });
    const written = await call(files, 'write_file', { path: inside('new.txt'), content: 'new' });
    expect(written).toMatchObject({ status: 'succeeded' });
    expect(await readFile(inside('new.txt'), 'utf8')).toBe('new');
  });

  it('fails outside it, and that is an outcome', async () => {
    const { status, output } = await call(files, 'read_text_file', { path: '/etc/passwd' });
    expect({ status, output }).toMatchObject({ status: 'failed', output: { isError: true } });
  });
});
