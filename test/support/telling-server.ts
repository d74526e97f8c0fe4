import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { listen, type Fixture } from '../unit/mcp-upstream/fixture-servers';

export interface TellingServer extends Pick<Fixture, 'url' | 'host'> {
  /** What each call asked to hear of, in order. */
  readonly wishes: { readonly hasToken: boolean; readonly level: unknown }[];
  close(): Promise<void>;
}

const anyObject = fromJsonSchema({ type: 'object' });

/** A server whose tool `read_steps` tells how it gets on, and `read_floods` tells too much of it. */
export async function startTellingServer(): Promise<TellingServer> {
  const wishes: { hasToken: boolean; level: unknown }[] = [];
  const handle = toNodeHandler(
    createMcpHandler(() => {
      const server = new McpServer({ name: 'telling', version: '1' }, { capabilities: { tools: {}, logging: {} } });
      const done = { content: [{ type: 'text' as const, text: 'done' }] };
      server.registerTool('read_steps', { inputSchema: anyObject }, async (_input, { mcpReq, http }) => {
        const { progressToken } = mcpReq._meta ?? {};
        const envelope: Record<string, unknown> = { ...mcpReq.envelope };
        wishes.push({
          hasToken: progressToken !== undefined,
          level: envelope['io.modelcontextprotocol/logLevel'] ?? null,
        });
        const tell = (params: object) => mcpReq.notify({ method: 'notifications/message', params } as never);
        const key = (http as { req?: Request } | undefined)?.req?.headers.get('authorization') ?? 'none';
        for (const progress of [1, 2]) {
          if (progressToken === undefined) break;
          const params = { progressToken, progress, total: 2, message: `step ${progress} with ${key}\u202e` };
          await mcpReq.notify({ method: 'notifications/progress', params });
        }
        await tell({ level: 'debug', data: 'a detail' });
        await tell({ level: 'warning', logger: 'steps', data: { text: 'it is late', key } });
        await tell({ level: 'error', data: 'x'.repeat(70_000) });
        return done;
      });
      server.registerTool('read_floods', { inputSchema: anyObject }, async (_input, { mcpReq }) => {
        const { progressToken } = mcpReq._meta ?? {};
        for (let progress = 1; progress <= 1_200 && progressToken !== undefined; progress += 1) {
          await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress } });
        }
        return done;
      });
      return server;
    }),
  );
  const { url, host, close } = await listen((request, response, body) => handle(request as never, response, body));
  return { url, host, wishes, close };
}
