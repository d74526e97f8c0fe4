import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  completable,
  createMcpHandler,
  fromJsonSchema,
  McpServer,
  ResourceTemplate,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { listen, pixel, type Fixture } from '../unit/mcp-upstream/fixture-servers';

// A RIFF header with no samples behind it.
const silence = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';
const image = { type: 'image' as const, data: pixel, mimeType: 'image/png' };
const text = (words: string) => ({ type: 'text' as const, text: words });
const none = { type: 'object', properties: {} };

/** Keywords of JSON Schema 2020-12 that the suite looks for. */
const richSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

async function logs({ mcpReq }: ServerContext): Promise<unknown> {
  for (const said of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
    await mcpReq.log('info', said);
  }
  return { content: [text('logged')] };
}

interface Tool {
  readonly schema?: object;
  readonly run: (ctx: ServerContext) => unknown;
}

const tools: Record<string, Tool> = {
  test_simple_text: { run: () => ({ content: [text('This is a simple text response for testing.')] }) },
  test_image_content: { run: () => ({ content: [image] }) },
  test_audio_content: { run: () => ({ content: [{ type: 'audio', data: silence, mimeType: 'audio/wav' }] }) },
  test_embedded_resource: {
    run: () => {
      const resource = { uri: 'test://embedded-resource', mimeType: 'text/plain' };
      return {
        content: [{ type: 'resource', resource: { ...resource, text: 'This is an embedded resource content.' } }],
      };
    },
  },
  test_multiple_content_types: {
    run: () => {
      const resource = { uri: 'test://mixed-content-resource', mimeType: 'application/json' };
      const embedded = { type: 'resource', resource: { ...resource, text: '{"test":"data","value":123}' } };
      return { content: [text('Multiple content types test:'), image, embedded] };
    },
  },
  test_tool_with_logging: { run: logs },
  test_logging_tool: { run: logs },
  test_tool_with_progress: {
    run: async ({ mcpReq }) => {
      const { progressToken } = mcpReq._meta ?? {};
      for (const progress of [0, 50, 100]) {
        if (progressToken === undefined) break;
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      }
      return { content: [text('progressed')] };
    },
  },
  test_error_handling: {
    run: () => ({ isError: true, content: [text('This tool intentionally returns an error for testing')] }),
  },
  json_schema_2020_12_tool: { schema: richSchema, run: () => ({ content: [text('ok')] }) },
  test_mirrored_header: {
    schema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } },
    run: () => ({ content: [text('ok')] }),
  },
};

function createServer(): McpServer {
  const server = new McpServer(
    { name: 'conformance-fixture', version: '1' },
    { capabilities: { tools: {}, resources: {}, prompts: {}, completions: {}, logging: {} } },
  );
  for (const [name, { schema = none, run }] of Object.entries(tools)) {
    const inputSchema = fromJsonSchema(schema as never);
    server.registerTool(name, { description: `The tool ${name}.`, inputSchema }, ((
      _input: unknown,
      ctx: ServerContext,
    ) => run(ctx)) as never);
  }
  registerResources(server);
  registerPrompts(server);
  return server;
}

function registerResources(server: McpServer): void {
  const say = (uri: string, mimeType: string, content: { text: string } | { blob: string }) => ({
    contents: [{ uri, mimeType, ...content }],
  });
  server.registerResource('static-text', 'test://static-text', { mimeType: 'text/plain' }, ({ href }) =>
    say(href, 'text/plain', { text: 'This is the content of the static text resource.' }),
  );
  server.registerResource('static-binary', 'test://static-binary', { mimeType: 'image/png' }, ({ href }) =>
    say(href, 'image/png', { blob: pixel }),
  );
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource('template', template, { mimeType: 'application/json' }, ({ href }, { id }) =>
    say(href, 'application/json', {
      text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
    }),
  );
}

function registerPrompts(server: McpServer): void {
  const say = (...content: object[]) =>
    ({ messages: content.map((each) => ({ role: 'user', content: each })) }) as never;
  server.registerPrompt('test_simple_prompt', { description: 'Says one thing.' }, () =>
    say(text('This is a simple prompt for testing.')),
  );
  const argument = completable(z.string(), (begun) =>
    ['paris', 'park', 'party'].filter((word) => word.startsWith(begun)),
  );
  const argsSchema = z.object({ arg1: argument, arg2: z.string() });
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'Says two things.', argsSchema },
    ({ arg1, arg2 }) => say(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  const uriSchema = z.object({ resourceUri: z.string() });
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'Shows a resource.', argsSchema: uriSchema },
    ({ resourceUri: uri }) =>
      say(
        { type: 'resource', resource: { uri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } },
        text('Please process the embedded resource above.'),
      ),
  );
  server.registerPrompt('test_prompt_with_image', { description: 'Shows an image.' }, () =>
    say(image, text('Please analyze the image above.')),
  );
}

/** A server with what the official suite asks a server for, but for questions to the client. */
export function startConformanceFixture(): Promise<Fixture> {
  const handle = toNodeHandler(createMcpHandler(createServer));
  return listen((request, response, body) => handle(request as never, response, body));
}
