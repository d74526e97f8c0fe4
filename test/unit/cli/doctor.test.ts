import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from './run-command';

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly next?: string;
}

const answers = new Map<string, { status?: number; body: unknown; headers?: Record<string, string> }>();
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer((incoming, outgoing) => {
    const key = incoming.headers.authorization?.replace('Bearer ', '') ?? '';
    const reply = answers.get(`${incoming.url} ${key}`) ?? answers.get(incoming.url ?? '') ?? { status: 404, body: {} };
    outgoing.writeHead(reply.status ?? 200, reply.headers).end(JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  answers.clear();
  answers.set('/version', { body: { success: true, data: { name: 'aos', version: '1.2.3' } } });
  answers.set('/api/v1/governance/boot-status', {
    body: { success: true, data: { components: { database: { healthy: true }, workers: { healthy: true } } } },
  });
});
afterAll(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

function aFolder(content?: object): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'aos-doctor-'));
  chmodSync(folder, 0o700);
  if (content !== undefined)
    writeFileSync(path.join(folder, 'credentials.json'), JSON.stringify(content), { mode: 0o600 });
  return folder;
}

const noPorts = { AOS_API_PORT: '0', AOS_POSTGRES_PORT: '0', AOS_TEMPORAL_PORT: '0', AOS_TEMPORAL_UI_PORT: '0' };

async function doctor(env: Record<string, string>) {
  const { exitCode, stdout } = await runCommand(['doctor', '--json'], { env: { ...noPorts, ...env } });
  const { healthy, checks } = JSON.parse(stdout) as { healthy: boolean; checks: Finding[] };
  return { exitCode, healthy, of: (name: string) => checks.find(({ check }) => check === name), checks };
}

const keys = { admin_key: 'a', developer_key: 'd', viewer_key: 'v', auditor_key: 'u' };
const installed = () => aFolder({ api_url: url, operator_key: 'o', tenants: [{ tenant_id: 't', ...keys }] });

test('a healthy installation: every check is well, with the roles whose keys are accepted', async () => {
  const { exitCode, healthy, checks } = await doctor({ AOS_DATA_DIR: installed() });
  expect({ exitCode, healthy }).toEqual({ exitCode: 0, healthy: true });
  expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
  const names = [
    'node',
    'data folder',
    'disk',
    'ports',
    'credentials',
    'api',
    'version',
    'clock',
    'database',
    'workers',
  ];
  const roles = ['admin', 'developer', 'viewer', 'auditor', 'operator'].map((role) => `key of ${role}`);
  expect(checks.map(({ check }) => check)).toEqual([...names, ...roles]);
});

test('nothing there at all: it says what to start, and ends with 1', async () => {
  const { exitCode, of } = await doctor({ AOS_DATA_DIR: path.join(tmpdir(), 'no-such-folder-of-aos') });
  expect(exitCode).toBe(1);
  expect(of('data folder')).toMatchObject({ status: 'warn', next: expect.stringContaining('npm start') as string });
  expect(of('credentials')).toMatchObject({ status: 'fail', next: expect.stringContaining('npm start') as string });
  expect(of('api')).toMatchObject({ status: 'skipped' });
});

test('an API that is down, or is not AOS', async () => {
  const down = await doctor({ AOS_API_URL: 'http://127.0.0.1:1', AOS_API_KEY: 'k', AOS_DATA_DIR: aFolder() });
  expect(down.of('api')).toMatchObject({
    status: 'fail',
    message: expect.stringContaining('cannot be reached') as string,
  });
  answers.set('/version', { body: '<html>' });
  const other = await doctor({ AOS_DATA_DIR: installed() });
  expect(other.of('api')).toMatchObject({ status: 'fail', message: expect.stringContaining('is not AOS') as string });
});

test('a revoked key, another version, a clock that is off, a part that is ill', async () => {
  answers.set('/api/v1/governance/boot-status v', { status: 401, body: { success: false } });
  answers.set('/version', {
    body: { success: true, data: { name: 'aos', version: '9.0.0' } },
    headers: { Date: new Date(Date.now() - 3_600_000).toUTCString() },
  });
  answers.set('/api/v1/governance/boot-status a', {
    body: { success: true, data: { components: { migrations: { healthy: false, message: 'not applied: 0009' } } } },
  });
  const { exitCode, of } = await doctor({ AOS_DATA_DIR: installed() });
  expect(exitCode).toBe(1);
  expect(of('key of viewer')).toMatchObject({ status: 'fail' });
  expect(of('version')).toMatchObject({ status: 'warn' });
  expect(of('clock')).toMatchObject({ status: 'warn', message: expect.stringMatching(/^360\d s apart$/) as string });
  expect(of('migrations')).toMatchObject({ status: 'fail', message: 'not applied: 0009' });
});

test('credentials that others can read, and a port that a stranger holds', async () => {
  const folder = installed();
  chmodSync(path.join(folder, 'credentials.json'), 0o644);
  const port = new URL(url).port;
  const { of } = await doctor({ AOS_DATA_DIR: folder, AOS_POSTGRES_PORT: port });
  expect(of('data folder')).toMatchObject({ status: 'fail', next: `chmod 600 ${folder}/credentials.json` });
  expect(of('ports')).toMatchObject({ status: 'warn', message: expect.stringContaining(port) as string });
});

test('for people: a line for each, and what to do', async () => {
  const { stdout } = await runCommand(['doctor'], { env: { ...noPorts, AOS_DATA_DIR: aFolder() } });
  expect(stdout).toMatch(/fail {2}credentials .*\n +next: start AOS/);
});
