import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startFakeApi, type FakeApi } from './fake-api';
import { runCommand } from './run-command';

let api: FakeApi;

beforeAll(async () => {
  api = await startFakeApi();
});
beforeEach(() => {
  api.on('GET /planes', { data: { items: [] } });
  api.on('POST /ops/tenants', { status: 201, data: { tenant_id: 't3', admin_key: 'aos_secret' } });
  api.on('POST /governance/kill-switch', { data: { switch_id: 'sw_1', epoch: 3 } });
  api.on('POST /api-keys', { status: 201, data: { key_id: 'key_1', key: 'aos_new_secret' } });
});
afterEach(() => api.reset());
afterAll(() => api.stop());

function installation(content: unknown = credentials()): string {
  const cwd = mkdtempSync(path.join(tmpdir(), 'aos-cli-'));
  mkdirSync(path.join(cwd, '.aos'));
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(path.join(cwd, '.aos/credentials.json'), text);
  return cwd;
}

function credentials() {
  const tenant = (name: string) => ({
    tenant_id: name,
    ...Object.fromEntries(
      ['admin', 'second_admin', 'developer', 'viewer', 'auditor'].map((role) => [`${role}_key`, `${name}-${role}`]),
    ),
  });
  return { api_url: `${api.url}/`, operator_key: 'the-operator', tenants: [tenant('acme'), tenant('globex')] };
}

const keysUsed = () => api.seen.map(({ headers }) => headers.authorization?.replace('Bearer ', ''));

test.each([
  [[], 'acme-admin'],
  [['--tenant', '2'], 'globex-admin'],
  [['--tenant', 'globex', '--role', 'viewer'], 'globex-viewer'],
  [['--role', 'second-admin'], 'acme-second_admin'],
  [['--role', 'operator'], 'the-operator'],
])('%j chooses %s', async (args, key) => {
  const result = await runCommand(['planes', 'list', ...args], { env: {}, cwd: installation() });
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  expect(keysUsed()).toEqual([key]);
});

test('AOS_DATA_DIR names the folder; empty means unset', async () => {
  const cwd = installation();
  const env = { AOS_DATA_DIR: path.join(cwd, '.aos'), AOS_API_URL: '', AOS_API_KEY: '' };
  expect((await runCommand(['planes', 'list'], { env })).exitCode).toBe(0);
  expect((await runCommand(['planes', 'list'], { env: { AOS_DATA_DIR: '' }, cwd })).exitCode).toBe(0);
});

test.each([
  [{ AOS_API_URL: 'http://127.0.0.1:1' }, [], 'AOS_API_KEY is not'],
  [{ AOS_API_KEY: 'k' }, [], 'AOS_API_URL is not'],
  [{ AOS_API_KEY: 'k', AOS_API_URL: 'nowhere' }, [], 'AOS_API_URL is not an http(s) address'],
  [{ AOS_API_KEY: 'k', AOS_API_URL: 'http://127.0.0.1:1' }, ['--role', 'viewer'], 'AOS_API_KEY is set'],
  [{ AOS_DATA_DIR: 'nowhere' }, [], 'credentials.json not found'],
  [{}, ['--tenant', '3'], 'known tenants: 1 (acme), 2 (globex)'],
  [{}, ['--role', 'king'], 'Allowed choices'],
])('%j %j is wrong usage', async (env, args, sentence) => {
  const { exitCode, stderr } = await runCommand(['planes', 'list', ...args], { env, cwd: installation() });
  expect(exitCode).toBe(2);
  expect(stderr).toContain(sentence);
  expect(api.seen).toEqual([]);
});

test('a broken file is named', async () => {
  const { exitCode, stderr } = await runCommand(['planes', 'list'], { env: {}, cwd: installation('{') });
  expect(exitCode).toBe(2);
  expect(stderr).toContain('not valid JSON');
});

test('what only the operator may do uses the operator key, unless another role is named', async () => {
  const setting = { env: {}, cwd: installation() };
  await runCommand(['tenants', 'create', 'third'], setting);
  await runCommand(['switch', 'on', 'global', '--reason', 'x'], setting);
  await runCommand(['switch', 'on', 'tenant', '--reason', 'x'], setting);
  await runCommand(['switch', 'on', 'global', '--reason', 'x', '--role', 'admin'], setting);
  expect(keysUsed()).toEqual(['the-operator', 'the-operator', 'acme-admin', 'acme-admin']);
});

test('the role of a new key is not the role of the caller', async () => {
  const setting = { env: {}, cwd: installation() };
  await runCommand(['keys', 'create', 'ci', '--role', 'viewer'], setting);
  await runCommand(['--role', 'developer', 'keys', 'create', 'ci', '--role', 'viewer'], setting);
  expect(keysUsed()).toEqual(['acme-admin', 'acme-developer']);
  expect(api.seen[0]?.body).toEqual({ name: 'ci', role: 'viewer' });
});
