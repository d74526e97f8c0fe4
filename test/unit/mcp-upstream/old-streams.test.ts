import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { createEgress } from '../../../activities/adapters/egress';
import { createMcpUpstream, type McpUpstream, type WebServer } from '../../../activities/adapters/mcp';
import { type Fixture, listen, richResult } from './fixture-servers';

interface Message {
  readonly id?: number;
  readonly method: string;
}

let stream: ServerResponse;
let onCall: (id: number) => void;
let fixture: Fixture;
let egress: Dispatcher;
let upstream: McpUpstream;
let server: WebServer;
const say = (message: object) => stream.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);

beforeEach(async () => {
  onCall = (id) => say({ id, result: richResult });
  fixture = await listen((request, response, body) => {
    if (request.method === 'GET') {
      stream = response.writeHead(200, { 'content-type': 'text/event-stream' });
      return stream.write('event: endpoint\ndata: /messages?session=1\n\n');
    }
    response.writeHead(202).end();
    const { id, method } = body as Message;
    const greeting = { protocolVersion: '2024-11-05', serverInfo: { name: 'old', version: '0' }, capabilities: {} };
    if (method === 'initialize') say({ id, result: greeting });
    if (method === 'tools/call' && id !== undefined) onCall(id);
    return undefined;
  });
  egress = createEgress({ allowed: [fixture.host] });
  upstream = createMcpUpstream({ egress, limits: { messageBytes: 50_000 } });
  server = {
    tenantId: 't1',
    serverId: 's1',
    transport: 'sse',
    url: fixture.url,
    auth: { type: 'basic', read: async () => ({ username: 'aos', password: 'pass-word' }) },
  };
});
afterEach(async () => {
  await upstream.close();
  await egress.destroy();
  await fixture.close();
});
const call = () => upstream.callTool({ server, tool: 'any', arguments: {} });

it('calls over one stream, with its credential on every request', async () => {
  expect(await Promise.all([call(), call()])).toMatchObject([{ result: richResult }, { result: richResult }]);
  expect((await upstream.handshake({ server })).protocolRevision).toBe('2024-11-05');
  expect(fixture.methods).toEqual(['initialize', 'notifications/initialized', 'tools/call', 'tools/call']);
  const expected = `Basic ${Buffer.from('aos:pass-word').toString('base64')}`;
  expect(new Set(fixture.requests.map(({ headers }) => headers.authorization))).toEqual(new Set([expected]));
});

it.each([
  ['breaks off', () => stream.end(), 'connection_lost'],
  ['is flooded', () => stream.write(`data: ${'x'.repeat(100_000)}`), 'too_large'],
])('does not know the outcome when the stream %s, and opens another for the next call', async (_how, act, problem) => {
  onCall = act;
  expect(await call()).toMatchObject({ failure: { reached: 'unknown', problem } });
  onCall = (id) => say({ id, result: richResult });
  expect(await call()).toMatchObject({ kind: 'result' });
  expect(fixture.requests.filter(({ method }) => method === 'GET')).toHaveLength(2);
  expect(fixture.methods.filter((method) => method === 'tools/call')).toHaveLength(2);
});

it('is led to no other origin', async () => {
  const elsewhere = await listen((_request, response) => response.writeHead(202).end());

  const lying = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: endpoint\ndata: ${elsewhere.url}\n\n`);
  });
  const both = createEgress({ allowed: [lying.host, elsewhere.host] });
  const other = createMcpUpstream({ egress: both });
  const answer = await other.callTool({ server: { ...server, url: lying.url }, tool: 'any', arguments: {} });
  expect(answer).toMatchObject({ failure: { reached: 'notSent' } });
  expect(elsewhere.requests).toHaveLength(0);
  await other.close();
  await both.destroy();
  await Promise.all([elsewhere.close(), lying.close()]);
});
