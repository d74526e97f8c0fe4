import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AosProcess } from '../support/aos-process';
import { anActivePolicy } from '../support/active-policy';
import { childProgram } from '../support/child-program';
import { invoke } from '../support/held-calls';
import { newKey } from '../support/operations';
import { startProcessStack, type ProcessOptions, type ProcessStack } from '../support/process-stack';
import { isRunningWith } from '../support/running-commands';
import type { RegisteredServer } from '../support/tool-server';
import { until } from '../support/until';

const base = '/integrations/mcp-servers';

let folder: string;
let stack: ProcessStack;
let notes: RegisteredServer;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'aos-stdio-'));
  await chmod(folder, 0o777);
  const support = path.join(__dirname, '../support');
  const program = childProgram([path.join(support, 'stdio-tools.js'), folder], {
    folders: [
      { path: support, access: 'read' },
      { path: folder, access: 'write' },
    ],
    ...{ isolation: 'as_offered', network: 'host' },
  });
  const servers = { notes: { ...program, tenants: '*' } };
  await writeFile(path.join(folder, 'servers.json'), JSON.stringify(servers), { mode: 0o600 });
  stack = await startProcessStack();
});
afterAll(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

const settings = () => ({ env: { AOS_STDIO_SERVERS_FILE: path.join(folder, 'servers.json') } });
const startApi = (options: ProcessOptions = {}) => stack.startApi({ ...settings(), ...options });
const isRunning = async () => (await isRunningWith(folder)) || (await isRunningWith(`${folder}/forked`));
const call = (tool: string, key: string) => invoke(stack.api('developer'), notes, { tool, input: { id: 'a' }, key });

async function register(): Promise<RegisteredServer> {
  const body = { name: 'notes', url: 'stdio:notes', transport: 'stdio', requires_approval: false };
  const { server_id: serverId } = (await stack.api().post(base, body)).body.data as { server_id: string };
  const status = async () => (await stack.api().get(`${base}/${serverId}`)).body.data.status as string;
  await until(async () => (await status()) === 'active', { what: 'the discovery' });
  const { items } = (await stack.api().get(`${base}/${serverId}/tools`)).body.data;
  const tools = (items as { name: string; tool_id: string }[]).map(({ name, tool_id: id }) => [name, id]);
  return { serverId, tools: Object.fromEntries(tools) };
}

async function kill(each: AosProcess): Promise<void> {
  await each.kill();
  await until(async () => !(await isRunning()), { what: 'the end of the commands that it ran' });
}

test('what is run ends with the process that runs it, and a call of its is never sent twice', async () => {
  const [first, worker] = [await startApi(), await stack.startWorker(settings())];
  notes = await register();
  await anActivePolicy(stack.api(), 'notes', { tool_rules: [{ effect: 'allow' }] });
  expect(await isRunning()).toBe(true);
  await first.kill();
  await kill(worker);

  const dying = await startApi({ barrier: 'tool.answered' });
  const key = newKey();
  await expect(call('read_forks', key)).rejects.toThrow('fetch failed');
  expect(await dying.ended).toBe('SIGKILL');
  await until(async () => !(await isRunning()), { what: 'the end of the command' });

  await startApi();
  await until(async () => (await call('read_forks', key)).body.data?.status === 'unknown', {
    what: 'the outcome of the call',
  });
  expect((await call('read_note', newKey())).body.data).toMatchObject({ status: 'succeeded' });
  const journal = (await readFile(path.join(folder, 'journal'), 'utf8')).split('\n');
  expect(journal.filter((line) => line.startsWith('read_forks'))).toHaveLength(1);
});
