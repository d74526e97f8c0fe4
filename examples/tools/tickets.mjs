import { fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

// The tools that `npm start` shows: one that reads, one that no policy permits, one that a person has to approve.
const tickets = new Map([
  ['T-1', 'The printer on the second floor is out of toner.'],
  ['T-2', 'The new colleague needs a badge by Monday.'],
  ['T-3', 'Test ticket, please ignore.'],
]);

const inputSchema = fromJsonSchema({
  type: 'object',
  properties: { id: { type: 'string', description: 'such as T-1' } },
  required: ['id'],
  additionalProperties: false,
});

const say = (text, rest = {}) => ({ content: [{ type: 'text', text }], ...rest });
const about = (work) => (input) => {
  const ticket = tickets.get(input.id);
  return ticket === undefined ? say(`There is no ticket ${input.id}.`, { isError: true }) : work(input.id, ticket);
};

function createServer() {
  const server = new McpServer({ name: 'tickets', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.registerTool(
    'read_ticket',
    { description: 'Read a ticket.', inputSchema, annotations: { readOnlyHint: true } },
    about((_id, ticket) => say(ticket)),
  );
  server.registerTool(
    'forward_ticket',
    { description: 'Send a ticket to somebody outside.', inputSchema, annotations: { openWorldHint: true } },
    about((id) => say(`${id} was sent.`)),
  );
  server.registerTool(
    'delete_ticket',
    { description: 'Delete a ticket for good.', inputSchema, annotations: { destructiveHint: true } },
    about((id) => {
      tickets.delete(id);
      return say(`${id} is deleted.`);
    }),
  );
  return server;
}

serveStdio(createServer);
