import { TimeKey } from '../../contracts/api/common';
import {
  ChangedServer,
  DiscoveryAnswer,
  RegisteredServer,
  ServerDetail,
  ServerHealth,
  ServerPath,
  ServerQuery,
  ServerView,
  UnregisteredServer,
} from '../../contracts/api/tool-servers';
import type { ErrorCode } from '../../contracts/errors';
import { ServerChange } from '../../contracts/tool-schemas';
import type { ServerStatus } from '../../contracts/tools';
import { serverNotFound } from '../../operations/tools/servers/rows';
import { findDiscoveredServer, findServer, listServers } from '../../prisma/reads/tool-servers';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { awaitDiscovery } from '../tools/await-discovery';
import { toDiscoveryAnswer, toServerDetail, toServerView } from '../views/tool-server';
import { reachableServer, requireOffered } from './reachable-server';

const tag = 'Tool servers';
const base = '/integrations/mcp-servers';
const writeErrors: readonly ErrorCode[] = ['resource_not_found', 'conflict', 'action_blocked', 'tenant_suspended'];

export function toolServerRoutes({ dispatch, prisma, mayBeNamed, ...door }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'post',
        path: base,
        operationId: 'servers.register',
        summary: 'Register an MCP server; its tools are looked at and pinned in the name of the caller',
        tag,
        permission: 'manage:integrations',
        successStatus: 201,
        body: reachableServer(mayBeNamed),
        examples: {
          'a server that anybody may ask': { name: 'weather', url: 'https://tools.example/mcp' },
          'a server with a stored token': {
            name: 'crm',
            url: 'https://crm.example/mcp',
            auth_type: 'bearer',
            credential_id: 'cred_0123456789ab',
            requires_approval: false,
            tags: ['sales'],
          },
          'a command that the operator offers': { name: 'files', url: 'stdio:files', transport: 'stdio' },
        },
        data: RegisteredServer,
        errors: writeErrors,
      },
      async ({ context, body, idempotencyKey }) => {
        await requireOffered(door, context, body);
        const made = await dispatch(context, 'tools.servers.register', { params: body, idempotencyKey });
        return {
          server_id: made.serverId,
          name: body.name,
          status: 'pending' as const,
          discovery_id: made.discoveryId,
          audit_event_id: made.auditEventId,
        };
      },
    ),
    listRoute(
      {
        path: base,
        operationId: 'servers.list',
        summary: 'The MCP servers of the tenant, newest first',
        tag,
        permission: 'read:integrations',
        query: ServerQuery,
        item: ServerView,
        key: TimeKey,
      },
      async ({ context, query: { status, include_disabled: disabled }, page }) => {
        const asked = { ...page, status, includeDisabled: disabled === 'true' };
        return mapPage(await listServers(prisma, context.tenantId, asked), toServerView);
      },
    ),
    route(
      {
        method: 'get',
        path: `${base}/{server_id}`,
        operationId: 'servers.get',
        summary: 'One MCP server, with what its last discovery found',
        tag,
        permission: 'read:integrations',
        successStatus: 200,
        params: ServerPath,
        data: ServerDetail,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const found = await findDiscoveredServer(prisma, context.tenantId, params.server_id);
        if (found === undefined) throw serverNotFound();
        return toServerDetail(found);
      },
    ),
    route(
      {
        method: 'put',
        path: `${base}/{server_id}`,
        operationId: 'servers.change',
        summary: 'Change how a server may be used, suspend it, or put it to use again',
        tag,
        permission: 'manage:integrations',
        successStatus: 200,
        params: ServerPath,
        body: ServerChange,
        examples: {
          'calls without approval, at most 100 a minute': {
            requires_approval: false,
            rate_limit_requests: 100,
            rate_limit_window_seconds: 60,
          },
          'no calls for now': { suspended: true },
        },
        data: ChangedServer,
        errors: [...writeErrors, 'invalid_state'],
      },
      async ({ context, params: { server_id: serverId }, body: change, idempotencyKey }) => {
        const changed = await dispatch(context, 'tools.servers.change', {
          params: { serverId, change },
          idempotencyKey,
        });
        return {
          server_id: changed.serverId,
          discovery_id: changed.discoveryId,
          audit_event_id: changed.auditEventId,
        };
      },
    ),
    route(
      {
        method: 'delete',
        path: `${base}/{server_id}`,
        operationId: 'servers.unregister',
        summary: 'Take a server out of use for good; its evidence stays',
        tag,
        permission: 'manage:integrations',
        successStatus: 200,
        params: ServerPath,
        data: UnregisteredServer,
        errors: writeErrors,
      },
      async ({ context, params: { server_id: serverId }, idempotencyKey }) => {
        const ended = await dispatch(context, 'tools.servers.unregister', { params: { serverId }, idempotencyKey });
        return { server_id: ended.serverId, deleted: true as const, audit_event_id: ended.auditEventId };
      },
    ),
    route(
      {
        method: 'post',
        path: `${base}/{server_id}/discover`,
        operationId: 'servers.discover',
        summary: 'Look anew at what a server offers; repeat it with the same key while it is pending',
        tag,
        permission: 'manage:integrations',
        successStatus: 200,
        isPending: ({ state }) => state === 'pending',
        params: ServerPath,
        data: DiscoveryAnswer,
        errors: [...writeErrors, 'invalid_state'],
      },
      async ({ context, params: { server_id: serverId }, idempotencyKey }) => {
        const { discoveryId } = await dispatch(context, 'tools.servers.request_discovery', {
          params: { serverId },
          idempotencyKey,
        });
        return toDiscoveryAnswer(await awaitDiscovery(prisma, context.tenantId, discoveryId));
      },
    ),
    route(
      {
        method: 'get',
        path: `${base}/{server_id}/health`,
        operationId: 'servers.health',
        summary: 'How a server answered when it was looked at last',
        tag,
        permission: 'read:integrations',
        successStatus: 200,
        params: ServerPath,
        data: ServerHealth,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const server = await findServer(prisma, context.tenantId, params.server_id);
        if (server === undefined) throw serverNotFound();
        return {
          server_id: server.serverId,
          status: server.status as ServerStatus,
          latency_ms: server.healthLatencyMs,
          failures: server.healthCheckFailures,
          last_health_check_at: server.lastHealthCheckAt?.toISOString() ?? null,
          last_error: server.lastError,
        };
      },
    ),
  ];
}
