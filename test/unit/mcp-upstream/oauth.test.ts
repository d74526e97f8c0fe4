import type { Dispatcher } from 'undici';
import { createEgress } from '../../../activities/adapters/egress';
import { createMcpUpstream, type McpUpstream, type WebServer } from '../../../activities/adapters/mcp';
import { type Fixture, listen, startModern } from './fixture-servers';

let tools: Fixture;
let tokens: Fixture;
let front: Fixture;
let egress: Dispatcher;
let upstream: McpUpstream;
let server: WebServer;
let now: number;
let issued: number;
let accepted: (token: string) => boolean;
let answerToken: (body: object) => { status: number; body: object };

beforeEach(async () => {
  now = 0;
  issued = 0;
  accepted = () => true;
  answerToken = (body) => ({ status: 200, body });
  tools = await startModern();
  tokens = await listen((_request, response) => {
    issued += 1;
    const granted = { access_token: `access-token-${issued}`, token_type: 'Bearer', expires_in: 100 };
    const { status, body } = answerToken(granted);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  // Passes on to the tool server what carries a token that is accepted.
  front = await listen(async (request, response, body) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (!accepted(token)) return response.writeHead(401).end();
    const headers = Object.entries(request.headers).filter(
      ([name]) => !/^(?:host|connection|content-length)$/.test(name),
    );
    const passed = await fetch(tools.url, {
      method: 'POST',
      headers: Object.fromEntries(headers) as Record<string, string>,
      body: JSON.stringify(body),
    });
    const type = passed.headers.get('content-type') ?? '';
    return response.writeHead(passed.status, { 'content-type': type }).end(await passed.text());
  });
  egress = createEgress({ allowed: [front.host, tokens.host] });
  upstream = createMcpUpstream({ egress, now: () => now });
  server = withSecret('s3cret:/+', '1');
});
afterEach(async () => {
  await upstream.close();
  await egress.close();
  await Promise.all([tools.close(), tokens.close(), front.close()]);
});

function withSecret(secret: string, credentialVersion: string): WebServer {
  const read = async () => ({ client_id: 'the client', client_secret: secret });
  const auth = { type: 'oauth', tokenUrl: tokens.url, scope: 'tools', resource: front.url, read } as const;
  return { tenantId: 't1', serverId: 's1', transport: 'http', url: front.url, credentialVersion, auth };
}
const call = (to = server) => upstream.callTool({ server: to, tool: 'echo', arguments: {} });
const called = () => front.methods.filter((method) => method === 'tools/call').length;

it('asks for one token for many calls, as the grant wants it', async () => {
  const answers = await Promise.all([call(), call(), call()]);
  expect(answers.map(({ kind }) => kind)).toEqual(['result', 'result', 'result']);
  expect(issued).toBe(1);
  const authorization = tokens.requests[0]?.headers.authorization ?? '';
  const pair = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
  expect(pair).toBe('the+client:s3cret%3A%2F%2B');
});

it('asks for another shortly before the token expires', async () => {
  await call();
  now = 89_000;
  await call();
  expect(issued).toBe(1);
  now = 91_000;
  await Promise.all([call(), call()]);
  expect(issued).toBe(2);
});

it('asks for another with another version of the credential', async () => {
  await call();
  await call(withSecret('another', '2'));
  expect(issued).toBe(2);
});

it('asks for one new token when the server refuses the old one, and makes the call that was turned away', async () => {
  await call();
  accepted = (token) => token === 'access-token-2';
  expect(await Promise.all([call(), call()])).toMatchObject([{ kind: 'result' }, { kind: 'result' }]);
  expect(issued).toBe(2);
  expect(tools.methods.filter((method) => method === 'tools/call')).toHaveLength(3);
});

it('tries no more than once with a new token', async () => {
  await call();
  accepted = () => false;
  expect(await call()).toMatchObject({ failure: { reached: 'answered', problem: 'unauthorized' } });
  expect(called()).toBe(3);
});

it.each([
  ['refuses the client', { status: 401, body: {} }, 'unauthorized'],
  ['is out of order', { status: 503, body: {} }, 'credential_unavailable'],
  ['sends no token', { status: 200, body: { token_type: 'Bearer' } }, 'credential_unavailable'],
  ['redirects', { status: 302, body: {} }, 'credential_unavailable'],
])('calls nothing when the token endpoint %s', async (_what, answer, problem) => {
  answerToken = () => answer;
  const outcome = await call();
  expect(outcome).toMatchObject({ failure: { reached: 'notSent', problem } });
  expect(JSON.stringify(outcome)).not.toContain('s3cret');
  expect(front.requests).toHaveLength(0);
});

it('asks for no token at a private address', async () => {
  const narrow = createEgress({ allowed: [front.host] });
  const other = createMcpUpstream({ egress: narrow });
  const outcome = await other.callTool({ server, tool: 'echo', arguments: {} });
  expect(outcome).toMatchObject({ failure: { reached: 'notSent', problem: 'address_refused' } });
  expect(tokens.requests).toHaveLength(0);
  await other.close();
  await narrow.close();
});
