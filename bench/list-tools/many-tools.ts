import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { serveTasks } from '../support/child';

const inputSchema = {
  type: 'object',
  properties: { id: { type: 'string', description: 'Which one.' }, limit: { type: 'integer', minimum: 1 } },
  required: ['id'],
} as const;

function serverOf(count: number) {
  const server = new McpServer({ name: 'bench', version: '1' }, { capabilities: { tools: {} } });
  for (let index = 0; index < count; index += 1) {
    const config = {
      description: `Reads record ${index} of the ledger.`,
      inputSchema: fromJsonSchema(inputSchema as never),
    };
    server.registerTool(`read_${String(index).padStart(4, '0')}`, config, (() => ({ content: [] })) as never);
  }
  return server;
}

/** Servers with as many tools as the first part of their path says. Returns the port. */
serveTasks<object, number>(() => {
  const handlers = new Map<number, ReturnType<typeof toNodeHandler>>();
  const handlerOf = (count: number) => {
    const handler = handlers.get(count) ?? toNodeHandler(createMcpHandler(() => serverOf(count)));
    handlers.set(count, handler);
    return handler;
  };
  const server = createServer((request, response) => {
    const count = Number(request.url?.split('/')[1]);
    void (async () => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      await handlerOf(count)(request as never, response, text === '' ? undefined : JSON.parse(text));
    })();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
});
