import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { listen, type Fixture } from '../unit/mcp-upstream/fixture-servers';

export interface OfferedTool {
  readonly name: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, object>>;
}

export interface ChangingServer extends Pick<Fixture, 'host' | 'methods' | 'requests' | 'close'> {
  /** An address of its own for each registration; all lead to the same tools. */
  url(): string;
  /** What is offered from now on. */
  tools: readonly OfferedTool[];
  /** Connections are cut while it is. */
  isDown: boolean;
  /** Requests get no answer while it is. */
  isSilent: boolean;
  /** The bearer token that it takes; any request when it is undefined. */
  token: string | undefined;
}

/** An MCP server whose tools change as a test wants it. */
export async function startChangingServer(tools: readonly OfferedTool[]): Promise<ChangingServer> {
  const state = { tools, isDown: false, isSilent: false, token: undefined as string | undefined };
  const handle = toNodeHandler(createMcpHandler(() => offering(state.tools)));
  const fixture = await listen((request, response, body) => {
    if (state.isDown) return request.socket.destroy();
    if (state.isSilent) return undefined;
    if (state.token !== undefined && request.headers.authorization !== `Bearer ${state.token}`) {
      return response.writeHead(401).end();
    }
    return handle(request as never, response, body);
  });
  const { host, methods, requests, close } = fixture;
  let addresses = 0;
  return Object.assign(state, { host, methods, requests, close, url: () => `${fixture.url}/${(addresses += 1)}` });
}

function offering(tools: readonly OfferedTool[]): McpServer {
  const server = new McpServer({ name: 'tools of a test', version: '1' }, { capabilities: { tools: {} } });
  for (const { name, description, properties = {} } of tools) {
    const inputSchema = fromJsonSchema({ type: 'object', properties });
    server.registerTool(name, { inputSchema, ...(description !== undefined && { description }) }, () => ({
      content: [{ type: 'text' as const, text: name }],
    }));
  }
  return server;
}
