import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Dispatcher } from 'undici';
import { createEgress } from '../../../activities/adapters/egress';
import { type ChildServer, createMcpUpstream, type McpUpstream } from '../../../activities/adapters/mcp';
import { childProgram } from '../../support/child-program';
import { until } from '../../support/until';

const limits = { messageBytes: 50_000, bytesPerMinute: 500_000, childGraceMs: 100 };
let now = 0;
let egress: Dispatcher;
let upstream: McpUpstream;
beforeEach(() => {
  now = 0;
  egress = createEgress({ allowed: [] });
  upstream = createMcpUpstream({ egress, limits, now: () => now });
});
afterEach(async () => {
  await upstream.close();
  await egress.close();
});

/** A child that answers the greeting of the older revision and does what is given for a call. */
function child(onCall: string, rest: Partial<ChildServer> = {}): ChildServer {
  const script = `
    const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
    const text = (id, text) => say({ id, result: { content: [{ type: 'text', text: String(text) }] } });
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method, params } = JSON.parse(line);
      const serverInfo = { name: 'child', version: '1' };
      const greeting = { protocolVersion: '2025-06-18', serverInfo, capabilities: { tools: {} } };
      if (method === 'initialize') return say({ id, result: greeting });
      if (method === 'tools/call') { ${onCall}; return; }
      if (id !== undefined) say({ id, error: { code: -32601, message: 'no such method' } });
    });`;
  return {
    tenantId: 't1',
    serverId: 's1',
    transport: 'stdio',
    registeredBy: 'operator',
    // Not every system can hold it back.
    ...childProgram(['-e', script], { network: 'host', isolation: 'as_offered', ...rest }),
    ...('serverId' in rest && { serverId: rest.serverId }),
    ...('registeredBy' in rest && { registeredBy: rest.registeredBy }),
  };
}

async function isSealed(): Promise<boolean> {
  const { confinement } = await upstream.handshake({ server: child('', { serverId: 'sealed' }) });
  return confinement?.applied.some((each) => each.startsWith('namespaces')) === true;
}

const call = (server: ChildServer, rest: { tool?: string; timeoutMs?: number } = {}) =>
  upstream.callTool({ server, tool: 'any', arguments: {}, ...rest });
async function textOf(server: ChildServer): Promise<string> {
  const answer = await call(server);
  return answer.kind === 'result' ? String(answer.result.content[0]?.['text']) : answer.failure.message;
}

it('is one process for many calls, and gone after the adapter is closed', async () => {
  const mark = `aos-test-${process.pid}-${Math.random()}`;
  const server = child('globalThis.drawn ??= Math.random(); text(id, globalThis.drawn)');
  const marked = { ...server, args: [...server.args, mark] };
  const drawn = await Promise.all([textOf(marked), textOf(marked), textOf(marked)]);
  expect(new Set(drawn).size).toBe(1);
  expect(await running(mark)).toBe(true);
  await upstream.close();
  await until(async () => !(await running(mark)), { what: 'the end of the process' });
});

it('speaks its own revision, and it is known what holds it back', async () => {
  const facts = await upstream.handshake({ server: child('') });
  expect(facts).toMatchObject({ protocolRevision: '2025-06-18', server: { name: 'child' } });
  expect(facts.confinement?.applied).toContain('no variables of the host');
  expect(facts.confinement?.missing).toContain('no limit of processor time');
});

it('is run for the operator only', async () => {
  const answer = await call(child('text(id, 1)', { registeredBy: 'tenant' }));
  expect(answer).toMatchObject({ failure: { reached: 'notSent', problem: 'not_permitted', code: 'policy_violation' } });
});

it('finds nothing of the host in its environment', async () => {
  process.env['AOS_TEST_SECRET'] = 'of the host';
  const server = child('text(id, JSON.stringify(process.env))', { env: { NAMED: 'yes' } });
  const found = JSON.parse(await textOf(server)) as Record<string, string>;
  delete process.env['AOS_TEST_SECRET'];
  expect(Object.keys(found).sort()).toEqual(['HOME', 'LANG', 'NAMED', 'PATH', 'TMPDIR']);
});

const unread = 'try { text(id, require("node:fs").readFileSync("/proc/PID/environ")) } catch { text(id, "refused") }';

it('cannot read the environment of the worker where the system offers namespaces', async () => {
  if (!(await isSealed())) return;
  expect(await textOf(child(unread.replace('PID', String(process.pid)), { serverId: 's2' }))).toBe('refused');
});

it('has no network unless the operator opens it, and is not run where the system cannot see to that', async () => {
  const names = 'text(id, Object.keys(require("node:os").networkInterfaces()))';
  const answer = await call(child(names, { serverId: 's2', network: 'none' }));
  if (answer.kind === 'failure') expect(answer.failure).toMatchObject({ problem: 'not_permitted', reached: 'notSent' });
  else expect(answer.result.content).toEqual([{ type: 'text', text: '' }]);
  expect(await textOf(child(names, { serverId: 's3' }))).toContain('lo');
});

it('sees the folders that it is given, and writes only where it may', async () => {
  if (!(await isSealed())) return;
  const given = mkdtempSync(path.join(tmpdir(), 'aos-given-'));
  const hidden = mkdtempSync(path.join(tmpdir(), 'aos-hidden-'));
  chmodSync(given, 0o777);
  writeFileSync(path.join(given, 'a'), 'kept');
  const attempt = `
    const fs = require('node:fs');
    const tried = (work) => { try { return work(); } catch ({ code }) { return code; } };
    const write = (file) => tried(() => fs.writeFileSync(file, 'new') ?? 'written');
    const found = { read: tried(() => fs.readFileSync('${given}/a', 'utf8')), hidden: fs.existsSync('${hidden}') };
    text(id, JSON.stringify({ ...found, given: write('${given}/b'), own: write('own'), system: write('/usr/b') }))`;
  const seen = async (access: 'read' | 'write') =>
    JSON.parse(await textOf(child(attempt, { serverId: access, folders: [{ path: given, access }] }))) as unknown;
  expect(await seen('read')).toEqual({ read: 'kept', hidden: false, given: 'EROFS', own: 'written', system: 'EROFS' });
  expect(await seen('write')).toMatchObject({ read: 'kept', hidden: false, given: 'written' });
  expect(readFileSync(path.join(given, 'b'), 'utf8')).toBe('new');
  [given, hidden].forEach((folder) => rmSync(folder, { recursive: true }));
});

it.each([
  [
    'processes',
    `const started = []; const { spawn } = require('node:child_process');
    const one = () => { const each = spawn('sleep', ['60'], { stdio: 'ignore' });
      each.on('error', () => text(id, 'refused')); each.on('spawn', () => { started.push(each); one(); }); };
    one();`,
  ],
  [
    'memory',
    `const held = []; try { for (let n = 0; n < 64; n += 1) held.push(Buffer.alloc(16777216, 1)); text(id, 'all'); }
    catch { text(id, 'refused'); }`,
  ],
])('takes no more %s than it may', async (_what, greedy) => {
  if (!(await isSealed())) return;
  const limits = { memory_mb: 384, processes: 48, open_files: 1_024, disk_mb: 10 };
  const answer = await call(child(greedy, { limits }));
  // What finds no memory may also end by itself.
  if (answer.kind === 'failure') expect(answer.failure).toMatchObject({ problem: 'connection_lost' });
  else expect(answer.result.content).toEqual([{ type: 'text', text: 'refused' }]);
});

it.each([
  ['in one line', 'const pour = () => { while (process.stdout.write("x".repeat(10000))); }'],
  ['in many lines', 'const pour = () => { while (process.stdout.write("x".repeat(1000) + "\\n")); }'],
  ['into its stderr', 'const pour = () => { while (process.stderr.write("x".repeat(1000) + "\\n")); }'],
])('is ended when it floods %s', async (_where, pour) => {
  const flood = `${pour}; process.stdout.on('drain', pour); process.stderr.on('drain', pour); pour()`;
  expect(await call(child(flood))).toMatchObject({ failure: { reached: 'unknown', problem: 'too_large' } });
});

it('tells what it said last when it ends, without the secrets that it was given', async () => {
  const server = child('console.error("no good: " + process.env.KEY); process.exit(3)', { env: { KEY: 'k-12345678' } });
  const answer = await call(server);
  expect(answer).toMatchObject({ failure: { reached: 'unknown', problem: 'connection_lost' } });
  expect(answer.kind === 'failure' && answer.failure.message).toBe('The server ended with 3: no good: [secret]');
});

it('repeats no secret that it was given, neither in progress nor in errors', async () => {
  // Ends the first call with the second: what is told in one breath with an answer may come too late to be heard.
  const script = `
    const message = 'no good: ' + process.env.KEY;
    const error = { code: -32000, message };
    if (params.name === 'any') return [global.first, id].forEach((each) => say({ id: each, error }));
    global.first = id;
    const { progressToken } = params._meta;
    say({ method: 'notifications/progress', params: { progressToken, progress: 1, message } })`;
  const server = child(script, { env: { KEY: 'k-12345678' } });
  const seen: unknown[] = [];
  const answer = await upstream.callTool({
    ...{ server, tool: 'first', arguments: {} },
    onProgress(progress) {
      seen.push(progress);
      void call(server);
    },
  });
  expect(answer).toMatchObject({ failure: { message: 'The server answered with an error: no good: [secret]' } });
  expect(seen).toEqual([{ progress: 1, message: 'no good: [secret]' }]);
});

it('is started again more and more slowly', async () => {
  const server = child('process.exit(3)');
  const outcomes: unknown[] = [];
  for (const at of [0, 0, 1_001, 2_500, 3_002]) {
    now = at;
    const answer = await call(server);
    outcomes.push(answer.kind === 'failure' && answer.failure.problem);
  }
  expect(outcomes).toEqual(['connection_lost', 'circuit_open', 'connection_lost', 'circuit_open', 'connection_lost']);
});

it('cannot be a command that is not there', async () => {
  const answer = await call(child('', { command: '/nowhere/at/all' }));
  expect(answer).toMatchObject({ failure: { reached: 'notSent' } });
});

it('that never answers a call is waited for no longer than was said, and given up after three', async () => {
  const server = child('if (params.name === "who") text(id, process.pid)');
  const silent = () => call(server, { timeoutMs: 100 });
  await upstream.handshake({ server });
  for (let n = 0; n < 3; n += 1) {
    expect(await silent()).toMatchObject({ failure: { reached: 'unknown', problem: 'timeout' } });
  }
  expect(await call(server, { tool: 'who' })).toMatchObject({ kind: 'result' });
});

it('that never answers at all is not connected to', async () => {
  const mute = createMcpUpstream({ egress, limits: { ...limits, requestTimeoutMs: 600, healthTimeoutMs: 200 } });
  const server = child('', { args: ['-e', 'setInterval(() => {}, 1000)'] });
  const answer = await mute.callTool({ server, tool: 'any', arguments: {} });
  expect(answer).toMatchObject({ failure: { reached: 'notSent', problem: 'timeout' } });
  await mute.close();
});

it('that ends at a question it does not know is greeted in the older way', async () => {
  const [flag = '', script = ''] = child('text(id, "here")').args;
  const touchy = script.replace('if (id !== undefined)', 'if (id !== undefined) process.exit(1); else');
  expect(await textOf(child('', { args: [flag, touchy] }))).toBe('here');
});

it.each([
  ['are in its group', '{ stdio: "ignore" }'],
  ['hold its pipes open', '{ stdio: "inherit" }'],
])('is ended with the processes that it started, when they %s', async (_how, options) => {
  const mark = `aos-test-${process.pid}-${Math.random()}`;
  const fork = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '${mark}'], ${options})`;
  expect(await textOf(child(`${fork}.on('spawn', () => text(id, "forked"))`))).toBe('forked');
  expect(await running(mark)).toBe(true);
  await upstream.close();
  await until(async () => !(await running(mark)), { what: 'the end of the forked process' });
});

async function running(mark: string): Promise<boolean> {
  const { readdir, readFile } = await import('node:fs/promises');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.some((line) => line.split('\0')[3] === mark);
}
