import {
  ApprovalOfDefinitions,
  ApprovedDefinitions,
  ChangedGrant,
  ChangedTool,
  GrantBody,
  RevocationQuery,
  ToolKey,
  ToolView,
} from '../../contracts/api/server-tools';
import { PageQuery } from '../../contracts/api/common';
import { ToolPath } from '../../contracts/api/tool-calls';
import { ServerPath } from '../../contracts/api/tool-servers';
import type { ErrorCode } from '../../contracts/errors';
import { ToolChange } from '../../contracts/tool-schemas';
import { serverNotFound } from '../../operations/tools/servers/rows';
import { listServerTools } from '../../prisma/reads/server-tools';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toToolView } from '../views/server-tool';

const tag = 'Tool servers';
const base = '/integrations/mcp-servers/{server_id}';
const writeErrors: readonly ErrorCode[] = ['resource_not_found', 'conflict', 'action_blocked', 'tenant_suspended'];

export function serverToolRoutes({ dispatch, prisma }: ApiServices): Route[] {
  return [
    listRoute(
      {
        path: `${base}/tools`,
        operationId: 'servers.tools',
        summary: 'The tools of a server as pinned, with risk, grants, and what was seen to differ',
        tag,
        permission: 'read:integrations',
        params: ServerPath,
        query: PageQuery,
        item: ToolView,
        key: ToolKey,
        errors: ['resource_not_found'],
      },
      async ({ context, params, page }) => {
        const asked = { ...page, serverId: params.server_id };
        const found = await listServerTools(prisma, context.tenantId, asked);
        if (found === undefined) throw serverNotFound();
        return mapPage(found, toToolView);
      },
    ),
    route(
      {
        method: 'post',
        path: `${base}/approve-definitions`,
        operationId: 'servers.approve_definitions',
        summary: 'Pin the definitions that were shown under these hashes, and no newer ones',
        tag,
        permission: 'manage:integrations',
        successStatus: 200,
        params: ServerPath,
        body: ApprovalOfDefinitions,
        examples: {
          'a tool that was looked at': {
            tools: [{ tool_id: 'tool_0123456789ab', seen_hash: '0'.repeat(64) }],
            reason: 'the new field is optional',
          },
        },
        data: ApprovedDefinitions,
        errors: writeErrors,
      },
      async ({ context, params: { server_id: serverId }, body, idempotencyKey }) => {
        const { approved } = await dispatch(context, 'tools.servers.approve_definitions', {
          params: { serverId, ...body },
          idempotencyKey,
        });
        return { server_id: serverId, approved };
      },
    ),
    route(
      {
        method: 'put',
        path: `${base}/tools/{tool_id}`,
        operationId: 'tools.change',
        summary: 'Set the risk of a tool and what its calls need',
        tag,
        permission: 'manage:integrations',
        successStatus: 200,
        params: ToolPath,
        body: ToolChange,
        examples: {
          'a risk set by hand': { risk_level: 'high', required_permissions: ['execute:mcp:crm:send_mail'] },
          'no calls of this tool': { enabled: false },
        },
        data: ChangedTool,
        errors: [...writeErrors, 'authorization_failed'],
      },
      async ({ context, params: { server_id: serverId, tool_id: toolId }, body: change, idempotencyKey }) => {
        const changed = await dispatch(context, 'tools.change', {
          params: { serverId, toolId, change },
          idempotencyKey,
        });
        return { tool_id: changed.toolId, audit_event_id: changed.auditEventId };
      },
    ),
    route(
      {
        method: 'post',
        path: `${base}/tools/{tool_id}/grant`,
        operationId: 'tools.grant',
        summary: 'Give the explicit allowance that a dangerous tool needs',
        tag,
        permission: 'manage:integrations',
        successStatus: 200,
        params: ToolPath,
        body: GrantBody,
        examples: { 'a tool that is needed': { reason: 'month-end closing' } },
        data: ChangedGrant,
        errors: [...writeErrors, 'invalid_state'],
      },
      async ({ context, params: { server_id: serverId, tool_id: toolId }, body: { reason }, idempotencyKey }) => {
        const params = { serverId, toolId, granted: true, reason };
        const made = await dispatch(context, 'tools.grant', { params, idempotencyKey });
        return toGrant(made, true);
      },
    ),
    route(
      {
        method: 'delete',
        path: `${base}/tools/{tool_id}/grant`,
        operationId: 'tools.revoke',
        summary: 'Take the explicit allowance of a tool back',
        tag,
        permission: 'manage:integrations',
        successStatus: 200,
        params: ToolPath,
        query: RevocationQuery,
        data: ChangedGrant,
        errors: [...writeErrors, 'invalid_state'],
      },
      async ({ context, params: { server_id: serverId, tool_id: toolId }, query: { reason }, idempotencyKey }) => {
        const params = { serverId, toolId, granted: false, reason };
        const ended = await dispatch(context, 'tools.grant', { params, idempotencyKey });
        return toGrant(ended, false);
      },
    ),
  ];
}

function toGrant(changed: { toolId: string; grantId: string; auditEventId: string }, granted: boolean) {
  return {
    tool_id: changed.toolId,
    grant_id: changed.grantId,
    granted,
    audit_event_id: changed.auditEventId,
  };
}
