import { startFakeApi, type FakeApi } from './fake-api';
import { runCommand, type CommandSetting } from './run-command';

let api: FakeApi;
beforeAll(async () => {
  api = await startFakeApi();
});
afterEach(() => api.reset());
afterAll(() => api.stop());

const watch = (args: readonly string[] = [], setting: CommandSetting = {}) =>
  runCommand(['approvals', 'watch', '--timeout', '10', ...args], { url: api.url, ...setting });

const waiting = (n: number) => ({
  ...{ approval_id: `apr_00000000000${n}`, server_name: 'notes', tool_name: 'delete_note', risk_level: 'critical' },
  ...{ input_preview: `{"id":"${n}"}`, reason: 'A tool of critical risk needs approval.', requested_by: 'key_1' },
  ...{ expires_at: '2026-03-02T10:00:00.000Z', approvers_needed: 1, votes: [], status: 'pending', decision: null },
});

/** What waits at each look, newest first; the last stays. */
function play(...looks: readonly (readonly number[])[]): void {
  let look = 0;
  api.on('GET /approvals', ({ query }) => {
    expect(query.get('status')).toBe('pending');
    const numbers = looks[Math.min(look, looks.length - 1)] ?? [];
    look += 1;
    return { data: { items: numbers.map(waiting) } };
  });
}

const decisions = () => api.seen.filter(({ method }) => method === 'POST').map(({ path, body }) => ({ path, body }));

test('watch shows each waiting call once, oldest first, with the command that lets it go on', async () => {
  play([1], [3, 2, 1], [3, 2]);
  const { exitCode, stdout } = await watch();
  expect(exitCode).toBe(0);
  expect(stdout.match(/approve apr_\d+/g)).toEqual([1, 2, 3].map((n) => `approve apr_00000000000${n}`));
  expect(stdout).toMatch(/tool +notes\/delete_note\nrisk +critical\narguments +{"id":"1"}\n/);
});

test('watch --json prints a line for each', async () => {
  play([2, 1], [3, 2, 1]);
  const { stdout } = await watch(['--json']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([1, 2, 3].map(waiting));
});

test('in a terminal it asks about each, and needs a reason', async () => {
  play([4, 3, 2, 1]);
  for (const n of [1, 2]) {
    api.on(`POST /approvals/apr_00000000000${n}/decide`, { data: { decision: n === 1 ? 'approve' : 'deny' } });
  }
  const typed = ['y', 'looked at it', 'No', 'not now', '', 'y', ' '];
  const { exitCode, stdout } = await watch([], { tty: true, typed });
  expect(exitCode).toBe(0);
  expect(decisions()).toEqual([
    { path: '/approvals/apr_000000000001/decide', body: { decision: 'approve', reason: 'looked at it' } },
    { path: '/approvals/apr_000000000002/decide', body: { decision: 'deny', reason: 'not now' } },
  ]);
  expect(stdout).toContain('it is decided: approve');
  expect(stdout).toContain('a decision needs a reason');
});

test('a refused decision is told, and the watch goes on; the end of the input ends it', async () => {
  play([2, 1]);
  const message = 'whoever asked for a call does not decide about it';
  api.on('POST /approvals/apr_000000000001/decide', {
    status: 403,
    error: { category: 'permanent', code: 'authorization_failed', reason: 'ACCESS_DENIED', message },
  });
  const { exitCode, stdout } = await watch([], { tty: true, typed: ['y', 'mine'] });
  expect({ exitCode, looks: api.seen.filter(({ method }) => method === 'GET').length }).toEqual({
    exitCode: 0,
    looks: 1,
  });
  expect(stdout).toContain(`not decided: ${message}`);
  expect(stdout).toContain('apr_000000000002');
});

test('an outage is ridden out once there was an answer, and fails the command before', async () => {
  const down = { status: 503, error: { category: 'transient', code: 'service_unavailable', message: 'starting' } };
  let look = 0;
  api.on('GET /approvals', () => {
    look += 1;
    if (look === 2 || look === 3) return down;
    return { data: { items: look === 1 ? [waiting(1)] : [waiting(2), waiting(1)] } };
  });
  const { exitCode, stdout, stderr } = await watch();
  expect({ exitCode, shown: stdout.match(/approve apr_\d+/g)?.length }).toEqual({ exitCode: 0, shown: 2 });
  expect(stderr).toBe('no answer for the moment; looking again\n');
  api.on('GET /approvals', down);
  expect(await watch()).toMatchObject({ exitCode: 5, stdout: '' });
});

test('approve and deny say it with the reason, and tell when one more person is needed', async () => {
  const path = '/approvals/apr_000000000001/decide';
  api.on(`POST ${path}`, { data: { decision: null, approvals: 1, approvers_needed: 2 } });
  const aos = (...args: string[]) => runCommand(['approvals', ...args], { url: api.url });
  const approved = await aos('approve', 'apr_000000000001', '--reason', 'fine');
  expect(approved).toMatchObject({ exitCode: 0, stderr: 'another person has to approve too\n' });
  api.on(`POST ${path}`, { data: { decision: 'deny' } });
  expect(await aos('deny', 'apr_000000000001', '--reason', 'no')).toMatchObject({ exitCode: 0, stderr: '' });
  expect(decisions().map(({ body }) => body)).toEqual([
    { decision: 'approve', reason: 'fine' },
    { decision: 'deny', reason: 'no' },
  ]);
  expect(await aos('approve', 'apr_000000000001')).toMatchObject({ exitCode: 2 });
});
