import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { createEgress } from '../../../activities/adapters/egress';
import { createMcpUpstream, type McpUpstream, type WebServer } from '../../../activities/adapters/mcp';
import { freePort } from '../../support/free-port';
import { type Fixture, listen } from './fixture-servers';

interface Message {
  readonly id: number;
  readonly method: string;
}

type Misbehave = (response: ServerResponse, message: Message) => void;

let misbehave: Misbehave;
let fixture: Fixture;
let egress: Dispatcher;
let upstream: McpUpstream;
let server: WebServer;

const json = { 'content-type': 'application/json' };
const events = { 'content-type': 'text/event-stream' };
const answering = (id: unknown, result: object) => JSON.stringify({ jsonrpc: '2.0', id, result });
const greeting = {
  protocolVersion: '2025-11-25',
  serverInfo: { name: 'hostile', version: '1' },
  capabilities: { tools: {} },
};

beforeEach(async () => {
  fixture = await listen((request, response, body) => {
    const message = body as Message | undefined;
    if (message?.method === 'initialize') return response.writeHead(200, json).end(answering(message.id, greeting));
    if (message?.method === 'tools/call') return misbehave(response, message);
    if (message?.method === 'tools/list') return misbehave(response, message);
    return response.writeHead(request.method === 'POST' && message?.id === undefined ? 202 : 400).end();
  });
  egress = createEgress({ allowed: [fixture.host] });
  upstream = createMcpUpstream({ egress, limits: { messageBytes: 100_000, bytesPerMinute: 1_000_000 } });
  server = { tenantId: 't1', serverId: 's1', transport: 'http', url: fixture.url, auth: { type: 'none' } };
});
afterEach(async () => {
  await upstream.close();
  await egress.destroy();
  await fixture.close();
});

const call = (rest: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  upstream.callTool({ server, tool: 'any', arguments: {}, ...rest });
const calls = () => fixture.methods.filter((method) => method === 'tools/call').length;

const tooMuch = 'x'.repeat(200_000);
const hostile: [string, Misbehave, string, string][] = [
  [
    'sends too large an answer',
    (response, { id }) => response.writeHead(200, json).end(answering(id, { content: [], tooMuch })),
    'unknown',
    'too_large',
  ],
  [
    'sends an answer that is too large once it is decompressed',
    (response, { id }) =>
      response
        .writeHead(200, { ...json, 'content-encoding': 'gzip' })
        .end(gzipSync(answering(id, { content: [], tooMuch }))),
    'unknown',
    'too_large',
  ],
  [
    'sends too large an event',
    (response, { id }) => response.writeHead(200, events).end(`data: ${answering(id, { content: [], tooMuch })}\n\n`),
    'unknown',
    'too_large',
  ],
  [
    'never ends an event',
    (response) => {
      response.writeHead(200, events);
      const pour = () => {
        while (!response.destroyed && response.write(`data: ${'x'.repeat(10_000)}\n`));
      };
      response.on('drain', pour);
      pour();
    },
    'unknown',
    'too_large',
  ],
  [
    'sends small events without end',
    (response) => {
      response.writeHead(200, events);
      const event = `data: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x'.repeat(5_000) } })}\n\n`;
      const pour = () => {
        while (!response.destroyed && response.write(event));
      };
      response.on('drain', pour);
      pour();
    },
    'unknown',
    'too_large',
  ],
  [
    'refuses in a stream of small events that is too large',
    (response) => response.writeHead(400, events).end(`data: ${'x'.repeat(1_000)}\n\n`.repeat(200)),
    'unknown',
    'too_large',
  ],
  ['sends no JSON', (response) => response.writeHead(200, json).end('{"jsonrpc": "2.0", '), 'unknown', 'malformed'],
  [
    'sends JSON that is no message',
    (response) => response.writeHead(200, json).end('{"all":"well"}'),
    'unknown',
    'malformed',
  ],
  [
    'sends a web page',
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    'unknown',
    'malformed',
  ],
  ['accepts a call and says nothing', (response) => response.writeHead(202).end(), 'unknown', 'malformed'],
  [
    'answers another call',
    (response, { id }) => response.writeHead(200, json).end(answering(id + 1000, { content: [] })),
    'unknown',
    'malformed',
  ],
  [
    'answers another call in a stream',
    (response, { id }) => response.writeHead(200, events).end(`data: ${answering(id + 1000, { content: [] })}\n\n`),
    'unknown',
    'connection_lost',
  ],
  [
    'sends a result that is none',
    (response, { id }) => response.writeHead(200, json).end(answering(id, { content: 'all is well' })),
    'unknown',
    'malformed',
  ],
  [
    'sends an answer of a thousand levels',
    (response, { id }) => {
      const deep = `${'['.repeat(1_000)}${']'.repeat(1_000)}`;
      response
        .writeHead(200, json)
        .end(`{"jsonrpc":"2.0","id":${id},"result":{"content":[],"structuredContent":${deep}}}`);
    },
    'unknown',
    'malformed',
  ],
  ['hangs up after the request', (response) => response.destroy(), 'unknown', 'connection_lost'],
  [
    'hangs up in the middle of an answer',
    (response) => {
      response.writeHead(200, json).write('{"jsonrpc"');
      setImmediate(() => response.destroy());
    },
    'unknown',
    'connection_lost',
  ],
  [
    'hangs up in the middle of a stream',
    (response) => {
      response.writeHead(200, events).write(': wait\n\n');
      setImmediate(() => response.destroy());
    },
    'unknown',
    'connection_lost',
  ],
  ['answers 401', (response) => response.writeHead(401).end('no'), 'answered', 'unauthorized'],
  ['answers 403', (response) => response.writeHead(403).end('no'), 'answered', 'unauthorized'],
  ['answers 429', (response) => response.writeHead(429).end('no'), 'answered', 'rate_limited'],
  ['answers 500', (response) => response.writeHead(500).end('no'), 'unknown', 'server_error'],
  ['answers 504', (response) => response.writeHead(504).end('no'), 'unknown', 'server_error'],
  [
    'redirects to a private address',
    (response) => response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
    'answered',
    'refused',
  ],
  [
    'redirects to another origin',
    (response) => response.writeHead(307, { location: 'https://example.org/mcp' }).end(),
    'answered',
    'refused',
  ],
];

it.each(hostile)(
  'calls a server once that %s, and gives the outcome for %s',
  async (_what, answer, reached, problem) => {
    misbehave = answer;
    expect(await call()).toMatchObject({ kind: 'failure', failure: { reached, problem } });
    expect(calls()).toBe(1);
  },
);

it('does not wait longer than it was told to, and lets go of the request', async () => {
  await upstream.handshake({ server });
  const letGo = new Promise<void>((resolve) => (misbehave = (response) => response.on('close', resolve)));
  expect(await call({ timeoutMs: 200 })).toMatchObject({ failure: { reached: 'unknown', problem: 'timeout' } });
  await letGo;
  expect(calls()).toBe(1);
});

it('stops waiting when the caller cancels, and says that the outcome is unknown', async () => {
  const controller = new AbortController();
  misbehave = () => controller.abort();
  const answer = await call({ signal: controller.signal });
  expect(answer).toMatchObject({ failure: { reached: 'unknown', problem: 'cancelled' } });
});

it('sends nothing for a caller that had cancelled before', async () => {
  const answer = await call({ signal: AbortSignal.abort() });
  expect(answer).toMatchObject({ failure: { reached: 'notSent', problem: 'cancelled' } });
  expect(calls()).toBe(0);
});

it('makes the words of a server short and printable, and repeats no secret', async () => {
  const error = { code: -32000, message: `no\u0000\u202egood token-12345678 ${'z'.repeat(10_000)}` };
  misbehave = (response, { id }) => response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id, error }));
  const auth = { type: 'bearer', read: async () => ({ token: 'token-12345678' }) } as const;
  const answer = await upstream.callTool({ server: { ...server, auth }, tool: 'any', arguments: {} });
  const message = answer.kind === 'failure' ? answer.failure.message : '';
  expect(answer).toMatchObject({ failure: { reached: 'answered', problem: 'error_answer' } });
  expect(message).toMatch(/^The server answered with an error: no good \[secret\] z+…$/);
  expect(message.length).toBeLessThan(600);
});

it('goes on to give content that it does not know', async () => {
  const result = { content: [{ type: 'hologram', depth: 3 }], beside: { a: 1 } };
  misbehave = (response, { id }) => response.writeHead(200, json).end(answering(id, result));
  expect(await call()).toEqual({ kind: 'result', result });
});

it('sends no credential to where a redirect leads', async () => {
  const elsewhere = await listen((_request, response) => response.writeHead(200).end());
  misbehave = (response) => response.writeHead(307, { location: elsewhere.url }).end();
  const open = createEgress({ allowed: [fixture.host, elsewhere.host] });
  const other = createMcpUpstream({ egress: open });
  const auth = { type: 'bearer', read: async () => ({ token: 'token-12345678' }) } as const;
  const answer = await other.callTool({ server: { ...server, auth }, tool: 'any', arguments: {} });
  expect(answer).toMatchObject({ failure: { reached: 'answered', problem: 'refused' } });
  expect(elsewhere.requests).toHaveLength(0);
  await other.close();
  await open.close();
  await elsewhere.close();
});

it('sends nothing to a private address', async () => {
  const closed = createEgress({ allowed: [] });
  const other = createMcpUpstream({ egress: closed });
  const answer = await other.callTool({ server, tool: 'any', arguments: {} });
  expect(answer).toMatchObject({
    failure: { reached: 'notSent', problem: 'address_refused', code: 'policy_violation' },
  });
  expect(fixture.requests).toHaveLength(0);
  await other.close();
  await closed.close();
});

it('leaves a server alone that cannot be reached, and tries again later with one call', async () => {
  const port = await freePort();
  const wide = createEgress({ allowed: [`127.0.0.1:${port}`] });
  let now = 0;
  const other = createMcpUpstream({ egress: wide, now: () => now });
  const gone = { ...server, url: `http://127.0.0.1:${port}/mcp` };
  const problems: unknown[] = [];
  const attempt = async () => {
    const answer = await other.callTool({ server: gone, tool: 'any', arguments: {} });
    problems.push(answer.kind === 'failure' && [answer.failure.reached, answer.failure.problem]);
  };
  for (let n = 0; n < 6; n += 1) await attempt();
  now = 31_000;
  await Promise.all([attempt(), attempt()]);
  const [unreachable, open] = [
    ['notSent', 'cannot_connect'],
    ['notSent', 'circuit_open'],
  ];
  expect(problems).toEqual([unreachable, unreachable, unreachable, unreachable, unreachable, open, open, unreachable]);
  await other.close();
  await wide.close();
});

it('takes of an endless list what it may, and no definition that is too large', async () => {
  let page = 0;
  misbehave = (response, { id }) => {
    page += 1;
    const tool = (name: string, description = '') => ({ name, description, inputSchema: { type: 'object' } });
    const tools = [tool(`small_${page}`), tool(`large_${page}`, 'x'.repeat(2_000))];
    response.writeHead(200, json).end(answering(id, { tools, nextCursor: `page-${page}` }));
  };
  const other = createMcpUpstream({ egress, limits: { definitions: 5, definitionBytes: 1_000 } });
  const list = await other.listTools({ server });
  expect(list.items.map(({ name }) => name)).toEqual(['small_1', 'small_2', 'small_3']);
  expect(list).toMatchObject({ isTruncated: true, tooLarge: ['large_1', 'large_2'] });
  await other.close();
});

it('does not follow a list in a circle', async () => {
  misbehave = (response, { id }) =>
    response.writeHead(200, json).end(answering(id, { tools: [], nextCursor: 'always the same' }));
  expect(await upstream.listTools({ server })).toEqual({ items: [], isTruncated: true, tooLarge: [] });
  expect(fixture.methods.filter((method) => method === 'tools/list')).toHaveLength(2);
});
