import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startFakeApi, type FakeApi } from './fake-api';
import { runCommand } from './run-command';

const server = 'mcp_0123456789ab';
const tool = 'tool_0123456789ab';
const call = 'inv_0123456789abcdef';
const base = `/integrations/mcp-servers/${server}`;
const invokePath = `${base}/tools/${tool}/invoke`;
const cwd = mkdtempSync(path.join(tmpdir(), 'aos-cli-'));

let api: FakeApi;
beforeAll(async () => {
  api = await startFakeApi();
});
afterAll(() => api.stop());
beforeEach(() => {
  api.reset();
  api.on('GET /integrations/mcp-servers', { data: { items: [{ server_id: server, name: 'notes' }] } });
  api.on(`GET ${base}/tools`, { data: { items: [{ tool_id: tool, name: 'read_note' }] } });
});

const aos = (...args: string[]) => runCommand(args, { url: api.url, cwd });
const sentTo = (route: string) => api.seen.filter(({ method, path: to }) => `${method} ${to}` === route);

const answered = {
  ...{ status: 'succeeded', state: 'settled', invocation_id: call, server_id: server, duration_ms: 12 },
  output: {
    content: [
      { type: 'text', text: 'note a\n\u001b[31mline two' },
      { type: 'image', mimeType: 'image/png' },
    ],
  },
};
const pending = {
  ...{ status: 'pending', state: 'pending', invocation_id: call, server_id: server, output: null },
  ...{ approval_id: 'apr_0123456789ab', approval_expires_at: '2026-03-02T10:00:00.000Z' },
};
const waiting = (votes: number) => ({
  ...{ invocation_id: call, state: 'pending' },
  approval: {
    ...{ approval_id: 'apr_0123456789ab', approvers_needed: 2, expires_at: '2026-03-02T10:00:00.000Z' },
    votes: Array.from({ length: votes }, () => ({ decision: 'approve' })),
  },
});

test('a tool is called by names, and its answer alone stands on standard output', async () => {
  writeFileSync(path.join(cwd, 'input.json'), '{"id":"a"}');
  api.on(`POST ${invokePath}`, { data: answered });
  const { exitCode, stdout, stderr } = await aos('calls', 'invoke', 'notes', 'read_note', '--input', '@input.json');
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'note a\n [31mline two\n[image image/png]\n' });
  expect(stderr).toContain(`succeeded in 12 ms, call ${call}`);
  expect(sentTo(`POST ${invokePath}`)).toMatchObject([{ body: { input: { id: 'a' } } }]);
});

test('a call that waits is told with what to do, and with the key under which its result will be', async () => {
  api.on(`POST ${invokePath}`, { status: 202, data: pending });
  const { exitCode, stderr } = await aos('calls', 'invoke', server, tool, '--input', '{"id":"a"}', '--key', 'k1');
  expect(exitCode).toBe(5);
  expect(stderr).toContain('aos approvals approve apr_0123456789ab');
  expect(stderr).toContain(`aos calls invoke ${server} ${tool} --input '{"id":"a"}' --key k1`);
  expect(sentTo(`POST ${invokePath}`)).toMatchObject([{ headers: { 'idempotency-key': 'k1' } }]);
});

test('--wait follows a call through its approvals, and asks for the result under the same key', async () => {
  let asked = 0;
  api.on(`POST ${invokePath}`, () => ((asked += 1) === 1 ? { status: 202, data: pending } : { data: answered }));
  const looks = [waiting(0), waiting(1), waiting(1), { invocation_id: call, state: 'dispatched', approval: null }];
  api.on(`GET ${base}/invocations/${call}`, () => ({ data: looks.shift() ?? { state: 'settled' } }));
  const { exitCode, stdout, stderr } = await aos('calls', 'invoke', 'notes', 'read_note', '--wait');
  expect({ exitCode, asked }).toEqual({ exitCode: 0, asked: 2 });
  expect(stdout).toContain('note a');
  const waits = `${call} waits for approval apr_0123456789ab`;
  expect(stderr.split('\n')).toEqual([
    ...[`${waits}, 0 of 2, until 2026-03-02 10:00:00Z`, `${waits}, 1 of 2, until 2026-03-02 10:00:00Z`],
    ...[`${call} is being sent`, `succeeded in 12 ms, call ${call}`, ''],
  ]);
  expect(new Set(sentTo(`POST ${invokePath}`).map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

test('--wait gives up after its time, and says how to ask on', async () => {
  api.on(`POST ${invokePath}`, { status: 202, data: pending });
  api.on(`GET ${base}/invocations/${call}`, { data: waiting(0) });
  const args = ['calls', 'invoke', 'notes', 'read_note', '--wait', '--timeout', '5', '--key', 'k2'];
  const { exitCode, stderr } = await aos(...args);
  expect(exitCode).toBe(5);
  expect(stderr).toContain('has not ended within 5 s');
  expect(stderr).toContain('--key k2');
});

test.each([
  ['failed', 1],
  ['unknown', 1],
  ['refused', 4],
  ['killed', 4],
])('an outcome of %s is exit code %i', async (status, exitCode) => {
  const data = { ...answered, status, output: null, error_code: 'the_code', error_message: 'the sentence' };
  api.on(`POST ${invokePath}`, { data });
  const result = await aos('calls', 'invoke', 'notes', 'read_note');
  expect(result).toMatchObject({ exitCode, stdout: expect.stringContaining('the sentence') });
  expect(result.stderr.includes('aos calls resolve')).toBe(status === 'unknown');
});

test.each([
  ['no JSON', '{', 'is not JSON'],
  ['no object', '[1]', 'does not hold a JSON object'],
  ['no file', '@absent.json', 'cannot be read'],
])('arguments that are %s are wrong usage, and nothing is sent', async (_what, input, message) => {
  const result = await aos('calls', 'invoke', server, tool, '--input', input);
  expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  expect(api.seen).toEqual([]);
});

test('calls are listed a hundred at a time, with what was found out later', async () => {
  const item = (n: number) => ({
    ...{ invocation_id: `inv_${n}`, tool_name: 'read_note', outcome: 'unknown' },
    resolution: n === 0 ? { outcome: 'succeeded' } : null,
  });
  const pages = [{ items: Array.from({ length: 100 }, (_, n) => item(n)) }, { items: [item(100)] }];
  api.on(`GET ${base}/invocations`, ({ query }) =>
    query.get('cursor') === null
      ? { data: pages[0], meta: { next_cursor: 'next' } }
      : { data: pages[1], meta: { next_cursor: null } },
  );
  const { stdout, exitCode } = await aos('calls', 'list', 'notes', '--limit', '150');
  expect({ exitCode, lines: stdout.trimEnd().split('\n').length }).toEqual({ exitCode: 0, lines: 102 });
  expect(stdout).toMatch(/inv_0 +– +read_note +unknown +succeeded/);
  expect(sentTo(`GET ${base}/invocations`).map(({ query }) => query.get('limit'))).toEqual(['100', '50']);
});

test('a call whose outcome nobody knows is shown with the command that says it', async () => {
  api.on(`GET ${base}/invocations/${call}`, {
    data: { invocation_id: call, server_id: server, state: 'settled', outcome: 'unknown' },
  });
  const { stderr } = await aos('calls', 'get', 'notes', call);
  expect(stderr).toContain(`aos calls resolve ${server} ${call} --outcome succeeded|failed`);
  api.on(`POST ${base}/invocations/${call}/resolve`, { data: { outcome: 'succeeded' } });
  const said = await aos('calls', 'resolve', 'notes', call, '--outcome', 'succeeded', '--reason', 'seen there');
  expect(said).toMatchObject({ exitCode: 0, stdout: 'outcome  succeeded\n' });
  expect(sentTo(`POST ${base}/invocations/${call}/resolve`)).toMatchObject([
    { body: { outcome: 'succeeded', reason: 'seen there' } },
  ]);
});
