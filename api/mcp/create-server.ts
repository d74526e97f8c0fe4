import { fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { CallKey, gatewayMeta } from '../../contracts/gateway';
import { isReadMethod, readMethods } from '../../contracts/server-reads';
import { callTool } from './call-tool';
import type { Called } from './find-called';
import type { Flights } from './flights';
import { listForAgent, listMethods } from './list-contents';
import { listTools } from './list-tools';
import type { LogLevels } from './notices';
import { toProtocolError } from './protocol-errors';
import { readForAgent } from './read-contents';
import { listingOf, type GatewayServices, type Session } from './session';
import { handleTasks, tasksExtension } from './tasks';
import { withdraw } from './withdraw';

const instructions =
  'Every call through this gateway is decided by policy, recorded, and may wait for a person. ' +
  `Name a call by _meta["${gatewayMeta.key}"]: the same key again is the same call and never a second one.`;

interface GatewayDependencies {
  readonly services: GatewayServices;
  readonly flights: Flights;
  readonly levels: LogLevels;
  readonly session: Session;
  readonly method: string | undefined;
  readonly called: Called | undefined;
}

/** The gateway as one request meets it. */
export function createGatewayServer({
  services,
  flights,
  levels,
  session,
  method,
  called,
}: GatewayDependencies): McpServer {
  const { context, logger } = session;
  const gateway = new McpServer(
    { name: 'aos', title: 'AOS gateway', version: services.version },
    {
      capabilities: {
        ...{ tools: { listChanged: true }, resources: { listChanged: true }, prompts: { listChanged: true } },
        ...{ completions: {}, logging: {} },
        ...(session.isModern && { extensions: { [tasksExtension]: {} } }),
      },
      instructions,
    },
  );
  const { server } = gateway;
  if (called?.kind === 'tool' && mirrorsArguments(called.inputSchema)) letHeadersBeChecked(gateway, called);
  server.setRequestHandler('tools/list', async ({ params }) => {
    try {
      return await listTools(services, listingOf(session), params?.cursor);
    } catch (error) {
      throw toProtocolError(error, session);
    }
  });
  for (const listed of listMethods) {
    server.setRequestHandler(listed, async ({ params }) => {
      try {
        return (await listForAgent(services, listingOf(session), { method: listed, cursor: params?.cursor })) as never;
      } catch (error) {
        throw toProtocolError(error, session);
      }
    });
  }
  // The library's own would drop from a result whatever it does not know; so would any others of these names.
  for (const name of ['tools/call', ...readMethods] as const) server.removeRequestHandler(name);
  if (method === 'tools/call') {
    server.fallbackRequestHandler = ({ params }, ctx) =>
      callTool({ services, session, flights, levels, called, server }, params, ctx);
  }
  server.setRequestHandler('logging/setLevel', async ({ params }) => {
    levels.set(context, params.level);
    return {};
  });
  if (isReadMethod(method)) {
    server.fallbackRequestHandler = ({ params }) => readForAgent(services, session, { method, params });
  }
  if (session.isModern) handleTasks(server, services, session);
  server.setNotificationHandler('notifications/cancelled', async ({ params }) => {
    const named = CallKey.safeParse(params._meta?.[gatewayMeta.key]);
    const { requestId } = params;
    const found = requestId === undefined ? undefined : flights.keyOf({ callerId: context.actor.id, requestId });
    const key = named.success ? named.data : found;
    if (key !== undefined) await withdraw(services, context, key);
  });
  server.onerror = (error) => logger.debug({ err: error }, 'the gateway could not use a message');
  return gateway;
}

// Revision 2026-07-28 has clients repeat arguments of such a tool in headers, and servers refuse what differs.
function mirrorsArguments(inputSchema: unknown): boolean {
  return JSON.stringify(inputSchema).includes('"x-mcp-header"');
}

/** The library compares headers and arguments for tools that it knows; the call itself stays with the gateway. */
function letHeadersBeChecked(gateway: McpServer, { name, inputSchema }: Extract<Called, { kind: 'tool' }>): void {
  gateway.registerTool(name, { inputSchema: fromJsonSchema(inputSchema as never) }, () => ({ content: [] }));
}
