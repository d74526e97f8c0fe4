import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, isInitializeRequest, McpServer } from '@modelcontextprotocol/server';

/** What one pixel of a picture looks like on the wire. */
export const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

export const richResult = {
  content: [
    { type: 'text' as const, text: 'one\u0000line', annotations: { audience: ['user' as const], priority: 0.5 } },
    { type: 'image' as const, data: pixel, mimeType: 'image/png' },
    { type: 'resource' as const, resource: { uri: 'file:///a.txt', text: 'inside', mimeType: 'text/plain' } },
    { type: 'resource_link' as const, uri: 'file:///b.txt', name: 'b' },
  ],
  structuredContent: { sum: 3, parts: [1, 2] },
  _meta: { 'example.org/trace': 'abc' },
};

const anyObject = fromJsonSchema({ type: 'object' });

export function createFixture(): McpServer {
  const server = new McpServer({ name: 'fixture', version: '1.2.3' }, { capabilities: { tools: {} } });
  server.registerTool('rich', { description: 'all kinds of content', inputSchema: anyObject }, () => richResult);
  server.registerTool('fails', { inputSchema: anyObject }, () => ({
    content: [{ type: 'text' as const, text: 'the disk is full' }],
    isError: true,
  }));
  server.registerTool('echo', { inputSchema: anyObject }, (input) => ({
    content: [{ type: 'text' as const, text: JSON.stringify(input) }],
  }));
  server.registerTool('steps', { inputSchema: anyObject }, async (_input, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [1, 2]) {
      if (progressToken === undefined) break;
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 2 } });
    }
    return { content: [{ type: 'text' as const, text: 'done' }] };
  });
  server.registerResource('note', 'note://one', {}, () => ({ contents: [{ uri: 'note://one', text: 'a note' }] }));
  server.registerPrompt('greet', {}, () => ({
    messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'hello' } }],
  }));
  return server;
}

export interface Fixture {
  readonly url: string;
  /** As an allow list names it. */
  readonly host: string;
  /** Methods of the protocol that were asked for, in order. */
  readonly methods: string[];
  readonly requests: IncomingMessage[];
  /** The same port, with nothing remembered. */
  forgetSessions(): void;
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<unknown> | unknown;

/** A server of the newest revision, which keeps nothing between requests. */
export function startModern(): Promise<Fixture> {
  const handle = toNodeHandler(createMcpHandler(() => createFixture()));
  return listen((request, response, body) => handle(request as never, response, body));
}

/** A server of the revision before, which remembers its sessions. */
export async function startOlder(): Promise<Fixture> {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>();
  const fixture = await listen(async (request, response, body) => {
    const known = sessions.get(String(request.headers['mcp-session-id']));
    if (known !== undefined) return known.handleRequest(request, response, body);
    if (!isInitializeRequest(body)) return response.writeHead(request.headers['mcp-session-id'] ? 404 : 400).end();
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await createFixture().connect(transport);
    return transport.handleRequest(request, response, body);
  });
  return { ...fixture, forgetSessions: () => sessions.clear() };
}

export async function listen(answer: Answer): Promise<Fixture> {
  const methods: string[] = [];
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    void readJson(request).then((body) => {
      if (isMessage(body)) methods.push(body.method);
      return answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}/mcp`,
    host,
    methods,
    requests,
    forgetSessions: () => {},
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  try {
    return JSON.parse(text);
  } catch {
    return text === '' ? undefined : text;
  }
}

function isMessage(body: unknown): body is { method: string } {
  return typeof body === 'object' && body !== null && 'method' in body;
}
