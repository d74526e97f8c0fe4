import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { createEgress } from '../../../activities/adapters/egress';
import { createMcpUpstream, type McpUpstream, type WebServer } from '../../../activities/adapters/mcp';
import { listen, type Fixture } from './fixture-servers';

type Answer = (response: ServerResponse, id: number) => void;

const json = { 'content-type': 'application/json' };
const send = (response: ServerResponse, id: unknown, rest: object) =>
  response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id, ...rest }));
const greeting = {
  protocolVersion: '2025-11-25',
  serverInfo: { name: 'hostile', version: '1' },
  capabilities: { resources: {} },
};

let answer: Answer;
let fixture: Fixture;
let egress: Dispatcher;
let upstream: McpUpstream;
let server: WebServer;
beforeEach(async () => {
  fixture = await listen((request, response, body) => {
    const { id = 0, method } = (body ?? {}) as { id?: number; method?: string };
    if (method === 'initialize') return send(response, id, { result: greeting });
    if (method?.startsWith('resources/') === true) return answer(response, id);
    return response.writeHead(request.method === 'POST' && id === 0 ? 202 : 400).end();
  });
  egress = createEgress({ allowed: [fixture.host] });
  upstream = createMcpUpstream({ egress, limits: { messageBytes: 100_000 } });
  server = { tenantId: 't1', serverId: 's1', transport: 'http', url: fixture.url, auth: { type: 'none' } };
});
afterEach(async () => {
  await upstream.close();
  await egress.destroy();
  await fixture.close();
});

const read = (timeoutMs?: number) =>
  upstream.read({
    ...{ server, request: { method: 'resources/read', params: { uri: 'a:1' } } },
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
const contents = [{ uri: 'a:1', text: 'x' }];

test('what is read is what the server sent, but for how long it may be kept', async () => {
  const result = { contents: [{ uri: 'a:1', text: 'x', extra: 1 }], ttlMs: 60_000, cacheScope: 'public', more: true };
  answer = (response, id) => send(response, id, { result });
  expect(await read()).toEqual({ contents: [{ uri: 'a:1', text: 'x', extra: 1 }], more: true });
});

test.each<[string, Answer, object]>([
  [
    'too much',
    (response, id) => send(response, id, { result: { contents, tooMuch: 'x'.repeat(200_000) } }),
    { problem: 'too_large', reached: 'unknown' },
  ],
  ['no contents', (response, id) => send(response, id, { result: { contents: 'none' } }), { problem: 'malformed' }],
  [
    'what is nested without end',
    (response, id) => send(response, id, { result: { contents, deep: JSON.parse('['.repeat(500) + ']'.repeat(500)) } }),
    { problem: 'malformed' },
  ],
  [
    'a question',
    (response, id) => send(response, id, { result: { resultType: 'input_required', inputRequests: {}, contents } }),
    { problem: 'input_required', reached: 'answered' },
  ],
  [
    'that there is no such resource, in the words of older revisions',
    (response, id) => send(response, id, { error: { code: -32_002, message: 'Resource not found' } }),
    { problem: 'invalid_arguments', reached: 'answered' },
  ],
  ['another status', (response) => response.writeHead(500).end(), { problem: 'server_error', reached: 'unknown' }],
])('a server that answers %s is told apart', async (_what, misbehave, failure) => {
  answer = misbehave;
  await expect(read()).rejects.toMatchObject(failure);
});

test('a server that answers nothing is waited for no longer than was said', async () => {
  answer = () => {};
  await upstream.handshake({ server });
  await expect(read(200)).rejects.toMatchObject({ problem: 'timeout', reached: 'unknown' });
});

test('a server that has resources and knows no templates has none', async () => {
  answer = (response, id) => send(response, id, { error: { code: -32_601, message: 'Method not found' } });
  expect(await upstream.listResourceTemplates({ server })).toEqual({ items: [], isTruncated: false, tooLarge: [] });
  await expect(upstream.listResources({ server })).rejects.toMatchObject({ problem: 'not_supported' });
});
