import type { ResolvedCredential } from '../../../activities/adapters/vault/port';
import { createDescribeServer } from '../../../activities/tools/describe-server';
import { freezeContext } from '../../../contracts/execution-context';
import type { StdioServers } from '../../../contracts/stdio-servers';
import { childProgram } from '../../support/child-program';

const context = freezeContext({
  ...{ tenantId: 'ten_1', requestId: 'req-1', traceId: 't', runId: 'r', source: 'worker' },
  actor: { id: 'somebody', type: 'human' },
});
const row = { server_id: 'mcp_1', url: 'https://tools.example/mcp', transport: 'http', credential_id: 'cred_1' };

function describing(
  credential: Omit<ResolvedCredential, 'secretVersion'> | undefined,
  stdioServers: StdioServers = {},
) {
  const asked: unknown[] = [];
  const describe = createDescribeServer({
    vault: {
      async resolve(by, request) {
        asked.push([by.tenantId, request]);
        return credential && { ...credential, secretVersion: 3 };
      },
    },
    stdioServers,
  });
  return {
    asked,
    describe: (auth_type: string, change = {}) => describe(context, { ...row, auth_type, ...change }, 'a look'),
  };
}

const readNow = () => new AbortController().signal;

test.each([
  ['bearer', { token: 'T' }, { token: 'T' }, {}],
  ['api_key', { api_key: 'K', header: 'X-Mine' }, { api_key: 'K' }, { header: 'X-Mine' }],
  ['basic', { username: 'u', password: 'p' }, { username: 'u', password: 'p' }, {}],
  [
    'oauth',
    { client_id: 'c', client_secret: 's', token_url: 'https://login.example/token', scope: 'tools' },
    { client_id: 'c', client_secret: 's' },
    { tokenUrl: 'https://login.example/token', scope: 'tools', resource: row.url },
  ],
] as const)('%s is described with its secret, read once and for this version', async (type, fields, secret, rest) => {
  const { asked, describe } = describing({ type: 'custom', fields });
  const description = await describe(type);
  if (description.transport === 'stdio' || description.auth.type === 'none') throw new Error('no authorization');
  expect(await description.auth.read(readNow())).toEqual(secret);
  await description.auth.read(readNow());
  expect(description).toMatchObject({
    ...{ tenantId: 'ten_1', serverId: 'mcp_1', url: row.url, credentialVersion: 'cred_1/3' },
    auth: { type, ...rest },
  });
  expect(JSON.stringify(description)).not.toMatch(/"(T|K|p|s)"/);
  expect(asked).toEqual([['ten_1', { credentialId: 'cred_1', purpose: 'a look' }]]);
});

test('a server without authentication asks the vault for nothing', async () => {
  const { asked, describe } = describing(undefined);
  expect(await describe('none')).toMatchObject({ auth: { type: 'none' } });
  expect(asked).toEqual([]);
});

test.each([
  ['is gone', undefined],
  ['holds something else', { type: 'bearer_token', fields: { token: 'T' } } as const],
])('a credential that %s is a failure that sent nothing', async (_case, credential) => {
  await expect(describing(credential).describe('basic')).rejects.toMatchObject({
    problem: 'credential_unavailable',
    reached: 'notSent',
  });
});

describe('a command of the operator', () => {
  const { describe: about } = describing(undefined, {
    files: { ...childProgram(['server.js']), tenants: ['ten_1'] },
    secrets: { ...childProgram(['server.js']), tenants: ['ten_2'] },
  });

  test('is described as the operator put it down', async () => {
    const described = await about('none', { transport: 'stdio', url: 'stdio:files' });
    const own = { tenantId: 'ten_1', serverId: 'mcp_1', transport: 'stdio', registeredBy: 'operator' };
    expect(described).toEqual({ ...own, ...childProgram(['server.js']) });
  });

  test.each(['stdio:secrets', 'stdio:nothing', 'stdio:constructor', 'https://files'])(
    '%s is none for this tenant',
    async (url) => {
      await expect(about('none', { transport: 'stdio', url })).rejects.toMatchObject({
        ...{ problem: 'not_permitted', reached: 'notSent' },
      });
    },
  );
});

test('a transport that cannot be reached from here is refused', async () => {
  const { describe: about } = describing(undefined);
  await expect(about('none', { transport: 'websocket' })).rejects.toMatchObject({ code: 'unsupported_operation' });
});
