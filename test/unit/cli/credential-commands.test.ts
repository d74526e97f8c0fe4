import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { runCommand, type CommandSetting } from './run-command';

const secret = 'hidden8842';
const cwd = mkdtempSync(path.join(tmpdir(), 'aos-cli-'));
const sent: { path: string; body: Record<string, unknown> }[] = [];
let server: Server;
let url: string;
beforeAll(async () => {
  writeFileSync(path.join(cwd, 'token.txt'), `${secret}\n`);
  writeFileSync(path.join(cwd, 'oauth.json'), JSON.stringify({ client_id: 'c', client_secret: secret }));
  server = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => {
      if (incoming.method === 'POST') sent.push({ path: incoming.url ?? '', body: JSON.parse(body) });
      outgoing.setHeader('Content-Type', 'application/json');
      const data = { credential_id: 'cred_0123456789ab', type: 'basic_auth', secret_version: 2 };
      outgoing.end(JSON.stringify({ success: true, data, meta: {} }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  rmSync(cwd, { recursive: true });
  return new Promise((resolve) => server.close(resolve));
});
beforeEach(() => void (sent.length = 0));

async function run(args: string, setting: CommandSetting = {}) {
  const result = await runCommand(args.split(' '), { url, cwd, ...setting });
  expect(result.stdout + result.stderr).not.toContain(secret);
  return result;
}

test.each<[string, string, CommandSetting, object]>([
  ['a file', '--type bearer_token --secret-file token.txt', {}, { token: secret }],
  ['a file of JSON', '--type oauth --secret-file oauth.json', {}, { client_id: 'c', client_secret: secret }],
  ['standard input', '--type api_key', { stdin: secret }, { api_key: secret }],
  ['standard input, named', '--type api_key --secret-file -', { stdin: secret, typed: [] }, { api_key: secret }],
  ['the keyboard', '--type basic_auth', { typed: ['u', secret] }, { username: 'u', password: secret }],
])('a secret comes from %s', async (_, options, setting, expected) => {
  expect(await run(`credentials add crm ${options}`, setting)).toMatchObject({ exitCode: 0 });
  expect(sent).toMatchObject([{ path: '/api/v1/credentials', body: { name: 'crm', secret: expected } }]);
});

test('a rotation asks for the fields of the type that is there', async () => {
  const result = await run('credentials rotate cred_0123456789ab --no-expiry', { typed: ['u', secret] });
  expect(result).toMatchObject({ exitCode: 0 });
  expect(sent).toEqual([
    {
      path: '/api/v1/credentials/cred_0123456789ab/rotate',
      body: { secret: { username: 'u', password: secret }, expires_at: null },
    },
  ]);
});

test.each<[string, CommandSetting, string]>([
  ['--type bearer_token', { stdin: '\n' }, 'no secret was given'],
  ['--type oauth', { stdin: secret }, 'is given as a JSON object'],
  ['--type custom', { typed: [] }, 'has fields that are not typed'],
  ['--type bearer_token --secret-file absent.txt', {}, 'cannot be read'],
  [`--type bearer_token extra`, {}, 'too many arguments'],
])('%s is wrong usage, and nothing is sent', async (options, setting, message) => {
  const result = await run(`credentials add crm ${options}`, setting);
  expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  expect(sent).toEqual([]);
});
