import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import type { ToolDefinition } from '../../contracts/tools';
import { listen, richResult, type Fixture } from '../unit/mcp-upstream/fixture-servers';
import { newKey, type TestOperations } from './operations';

export interface ToolServer extends Pick<Fixture, 'url' | 'host' | 'requests'> {
  /** What each call of a tool brought, in order. */
  readonly calls: { readonly tool: string; readonly input: unknown }[];
  /** Carries out so many calls from now on without an answer: the connection is cut. */
  lose(answers: number): void;
  /** Lets go what `read_slowly` holds, now and from now on. */
  release(): void;
  close(): Promise<void>;
}

const anyObject = { type: 'object' };
/** The tools as the server describes them, with what each stands for. */
export const toolDefinitions: readonly ToolDefinition[] = [
  { name: 'read_note', inputSchema: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } },
  { name: 'get_rich', inputSchema: anyObject },
  { name: 'get_error', inputSchema: anyObject },
  { name: 'get_large', inputSchema: anyObject },
  { name: 'read_slowly', inputSchema: anyObject },
  { name: 'delete_note', inputSchema: { type: 'object', properties: { id: { type: 'string' } } } },
  { name: 'write_note', inputSchema: anyObject },
];

/** A server of tools that counts its calls. */
export async function startToolServer(): Promise<ToolServer> {
  const calls: { tool: string; input: unknown }[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
  const answers: Record<string, (input: unknown) => unknown> = {
    read_note: (input) => say(`note ${String((input as { id: string }).id)}`),
    get_rich: () => richResult,
    get_error: () => ({ ...say('the disk is full'), isError: true }),
    get_large: () => say('x'.repeat(200_000)),
    read_slowly: () => released.then(() => say('at last')),
    delete_note: () => say('deleted'),
    write_note: () => say('written'),
  };
  const handle = toNodeHandler(
    createMcpHandler(() => {
      const server = new McpServer({ name: 'notes', version: '1' }, { capabilities: { tools: {} } });
      for (const { name, inputSchema } of toolDefinitions) {
        server.registerTool(name, { inputSchema: fromJsonSchema(inputSchema as never) }, (async (input: unknown) => {
          calls.push({ tool: name, input });
          return answers[name]?.(input);
        }) as never);
      }
      return server;
    }),
  );
  let losing = 0;
  const { url, host, requests, close } = await listen((request, response, body) => {
    const { method, params } = body as { method?: string; params?: { name: string; arguments: unknown } };
    if (method !== 'tools/call' || params === undefined || losing === 0) {
      return handle(request as never, response, body);
    }
    losing -= 1;
    calls.push({ tool: params.name, input: params.arguments });
    request.socket.destroy();
  });
  return { url, host, requests, calls, release, close, lose: (answers) => void (losing = answers) };
}

type Stack = Pick<TestOperations, 'dispatch' | 'as' | 'owner'>;

export interface RegisteredServer {
  readonly serverId: string;
  /** Ids by the names of the tools. */
  readonly tools: Readonly<Record<string, string>>;
}

/** Registers the server for the first tenant, with the tools pinned as they are. */
export async function registerToolServer(
  { dispatch, as, owner }: Stack,
  { name, url, requiresApproval = false }: { name: string; url: string; requiresApproval?: boolean },
): Promise<RegisteredServer> {
  const admin = as('admin');
  const run = (operation: string, params: unknown) =>
    dispatch(admin, operation as never, { params, idempotencyKey: newKey() } as never) as Promise<{ serverId: string }>;
  const { serverId } = await run('tools.servers.register', { name, url, requires_approval: requiresApproval });
  const discovery = {
    protocol_version: '2025-11-25',
    capabilities: ['tools'],
    server_info: { name: 'notes', version: '1' },
    ...{ latency_ms: 1, resource_count: 0, prompt_count: 0, rejected: [] },
    tools: toolDefinitions,
  };
  await run('tools.servers.record_discovery', { serverId, discovery });
  const { rows } = await owner.query(`select name, tool_id from mcp_tools where server_id = $1`, [serverId]);
  return { serverId, tools: Object.fromEntries(rows.map(({ name: tool, tool_id: id }) => [tool, id])) };
}
