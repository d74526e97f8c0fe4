import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { serveTasks } from '../support/child';

const inputSchema = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } as const;

/** A tool server over streamable HTTP, whose one tool answers at once. Returns its port. */
serveTasks<object, number>(() => {
  const handle = toNodeHandler(
    createMcpHandler(() => {
      const server = new McpServer({ name: 'bench', version: '1' }, { capabilities: { tools: {} } });
      server.registerTool('read_note', { inputSchema: fromJsonSchema(inputSchema as never) }, ((input: {
        id: string;
      }) => ({
        content: [{ type: 'text', text: `note ${input.id}` }],
      })) as never);
      return server;
    }),
  );
  const server = createServer((request, response) => {
    void readJson(request).then((body) => handle(request as never, response, body));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
});

async function readJson(request: AsyncIterable<unknown>): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}
