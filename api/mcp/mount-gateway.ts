import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, type McpServerFactory } from '@modelcontextprotocol/server';
import type { Express, Request, RequestHandler, Response } from 'express';
import { withContext } from '../../context';
import { refusal } from '../../contracts/errors';
import { isReadMethod } from '../../contracts/server-reads';
import { ServerName } from '../../contracts/tool-schemas';
import type { Admitted, Door, DoorRoute } from '../middleware/door';
import { readJsonBody } from '../middleware/json-body';
import { logOf } from '../middleware/request-log';
import type { ApiServices } from '../services';
import { requireKnownHost } from './allowed-hosts';
import { createGatewayServer } from './create-server';
import { findCalled } from './find-called';
import { createFlights, type Flights } from './flights';
import { answerListen, streamChanges } from './listen';
import { createLogLevels, type LogLevels } from './notices';
import { mountResourceMetadata, originOf } from './resource-metadata';
import { sendRpcFailure } from './send-rpc-failure';

const route: DoorRoute = {
  method: 'post',
  operationId: 'mcp.gateway',
  permission: ['execute:mcp:*', 'query:planes'],
};

/** MCP for agents: all tools that the caller may call, or those of one server. No session: each request stands alone. */
export function mountGateway(app: Express, services: ApiServices, door: Door): void {
  const flights = createFlights();
  const levels = createLogLevels();
  const serve: RequestHandler = async (req, res) => {
    try {
      requireKnownHost(req.headers, services.mcpHosts);
      const admitted = await door.admit(req, res, route);
      await withContext(admitted.context, () => answer(services, { admitted, door, flights, levels }, req, res));
    } catch (error) {
      sendRpcFailure(req, res, error);
    }
  };
  mountResourceMetadata(app, services.tokenIssuers);
  // No session can be ended; the library says so.
  for (const path of ['/mcp', '/mcp/:server']) app.post(path, serve).get(path, serve).delete(path, serve);
}

interface Entry {
  readonly admitted: Admitted;
  readonly door: Door;
  readonly flights: Flights;
  readonly levels: LogLevels;
}

async function answer(services: ApiServices, entry: Entry, req: Request, res: Response): Promise<void> {
  const { admitted, door, flights, levels } = entry;
  const { context, caller } = admitted;
  const read = () => readMessage(req, res, caller.tenantStatus);
  const { server, body, method } = await door.recordRefusals(context, route, read);
  const session = { context, caller, server, origin: originOf(req), logger: logOf(res) };
  const listener = { services, session, door, route };
  if (opensStream(req)) return streamChanges(req, res, listener);
  const called = await findCalled(services, session, body);
  const factory: McpServerFactory = ({ era }) =>
    createGatewayServer({
      services,
      flights,
      levels,
      method,
      called,
      session: { ...session, isModern: era === 'modern' },
    });
  if (method === 'subscriptions/listen') return answerListen(req, res, { ...listener, body, factory });
  await toNodeHandler(createMcpHandler(factory, { legacy: 'stateless' }))(req, res, body);
}

// Revision 2026-07-28 has no such streams; the library says so.
function opensStream(req: Request): boolean {
  const isOlder = req.get('MCP-Protocol-Version') !== '2026-07-28';
  return req.method === 'GET' && isOlder && req.accepts('text/event-stream') === 'text/event-stream';
}

async function readMessage(req: Request, res: Response, tenantStatus: string) {
  const { server } = req.params;
  if (server !== undefined && !ServerName.safeParse(server).success) {
    throw refusal('SERVER_NOT_FOUND', 'there is no such server', { details: { field: 'server' } });
  }
  const body = req.method === 'POST' ? await readJsonBody(req, res) : undefined;
  if (Array.isArray(body)) {
    throw refusal('validation_error', 'send one message at a time; MCP has no batches', { details: { field: 'body' } });
  }
  const method = methodOf(body);
  // Calls and reads are refused by their operations, which leave their evidence.
  if (tenantStatus !== 'active' && method !== 'tools/call' && !isReadMethod(method)) {
    throw refusal('TENANT_INACTIVE', 'the tenant is suspended; ask the operator to reactivate it');
  }
  return { server: server as string | undefined, body, method };
}

function methodOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('method' in body)) return undefined;
  return typeof body.method === 'string' ? body.method : undefined;
}
