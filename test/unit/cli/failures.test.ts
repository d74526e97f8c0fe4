import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorRules, type ErrorCode } from '../../../contracts/errors';
import { startFakeApi, type FakeApi } from './fake-api';
import { runCommand } from './run-command';

let api: FakeApi;
const aos = (...args: string[]) => runCommand(args, { url: api.url });

beforeAll(async () => {
  api = await startFakeApi();
});
afterEach(() => api.reset());
afterAll(() => api.stop());

function refuse(route: string, code: ErrorCode, more: Record<string, unknown> = {}): void {
  const { category, httpStatus } = errorRules[code];
  api.on(route, { status: httpStatus, error: { category, code, message: `the ${code} sentence`, ...more } });
}

test('every code of the table has its exit code, and says itself on stderr only', async () => {
  for (const code of Object.keys(errorRules) as ErrorCode[]) {
    refuse('GET /planes', code);
    const { exitCode, stdout, stderr } = await aos('planes', 'list', '--json');
    expect({ code, stdout, exitCode }).toEqual({ code, stdout: '', exitCode: expectedExitCode(code) });
    expect(stderr).toContain(`${code}: the ${code} sentence`);
    expect(stderr).toContain('request: req-0123456789ab');
  }
});

function expectedExitCode(code: ErrorCode): number {
  if (code === 'authentication_failed') return 6;
  if (code === 'internal_error') return 1;
  if (code === 'rate_limit_policy') return 5;
  return { transient: 5, policy: 4, permanent: 3 }[errorRules[code].category];
}

test('a refusal by the gate names reason, details and the way on', async () => {
  refuse('POST /lifecycle/kp_0123456789ab/transition', 'policy_violation', {
    reason: 'POLICY_GATE_BLOCKED',
    details: { required_action: 'bind_policy' },
  });
  const { exitCode, stderr } = await aos('planes', 'transition', 'kp_0123456789ab', 'activate', '--reason', 'x');
  expect(exitCode).toBe(4);
  expect(stderr).toContain('policy_violation (POLICY_GATE_BLOCKED)');
  expect(stderr).toContain('required_action: bind_policy');
  expect(stderr).toContain('aos planes bind');
});

test('a write that may be repeated says with which key', async () => {
  refuse('POST /ops/tenants', 'service_unavailable', { retry_after_seconds: 7 });
  const { exitCode, stderr } = await aos('tenants', 'create', 'x', '--idempotency-key', 'key-9');
  expect(exitCode).toBe(5);
  expect(stderr).toContain('try again in 7 s');
  expect(stderr).toContain('--idempotency-key key-9');
});

test('a request in progress is to be tried later, although its category is permanent', async () => {
  refuse('POST /planes', 'conflict', { reason: 'in_progress', retry_after_seconds: 2 });
  expect((await aos('planes', 'register', 'x', '--upload')).exitCode).toBe(5);
  refuse('POST /planes', 'conflict', { reason: 'key_reused' });
  expect((await aos('planes', 'register', 'x', '--upload')).exitCode).toBe(3);
});

test('an answer that is none of ours', async () => {
  api.on('GET /planes', { status: 502, raw: '<html>bad gateway</html>' });
  expect(await aos('planes', 'list')).toMatchObject({ exitCode: 5, stdout: '' });
  api.on('GET /planes', { status: 200, raw: '<html>sign in</html>' });
  const { exitCode, stderr } = await aos('planes', 'list');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('HTTP 200, text/html');
});

test('nobody listens', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { exitCode, stderr } = await runCommand(['planes', 'list'], { url: `http://127.0.0.1:${port}` });
  expect(exitCode).toBe(5);
  expect(stderr).toContain('ECONNREFUSED');
  expect(stderr).toContain('npm start');
});

test('control characters of a message do not reach the terminal', async () => {
  refuse('GET /planes', 'invalid_input', { message: 'a\u001b]0;title\u0007b\nc', details: { field: '\u001b[2J' } });
  expect((await aos('planes', 'list')).stderr).not.toMatch(/[\u001b\u0007]/);
});

test('help and version are no failures; a bare group shows its help', async () => {
  expect(await aos('--version')).toMatchObject({ exitCode: 0, stdout: '1.2.3\n' });
  const help = await aos('--help');
  expect(help.exitCode).toBe(0);
  expect(help.stdout).toContain('Exit codes');
  expect(await aos('planes', 'register', '--help')).toMatchObject({ exitCode: 0 });
  expect(await aos('planes')).toMatchObject({ exitCode: 2, stdout: '' });
});
