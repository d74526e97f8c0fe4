import { fromJsonSchema, McpServer } from '@modelcontextprotocol/server';

const inputSchema = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } as const;

/** A server whose one tool answers at once. */
export function noteServer(): McpServer {
  const server = new McpServer({ name: 'bench', version: '1' }, { capabilities: { tools: {} } });
  server.registerTool('read_note', { inputSchema: fromJsonSchema(inputSchema as never) }, ((input: { id: string }) => ({
    content: [{ type: 'text', text: `note ${input.id}` }],
  })) as never);
  return server;
}
