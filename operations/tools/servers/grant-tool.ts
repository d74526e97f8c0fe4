import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { ServerId, ToolId } from '../../../contracts/tool-schemas';
import { text } from '../../../contracts/text';
import { defineOperation } from '../../define';
import { newId } from '../../ids';
import { lockServer, requireTool } from './rows';

/** Gives or takes back the explicit allowance that dangerous tools need. */
export const grantTool = defineOperation({
  name: 'tools.grant',
  permission: 'manage:integrations',
  params: z.strictObject({ serverId: ServerId, toolId: ToolId, granted: z.boolean(), reason: text(1000) }),
  fence: 'fenced',
  capability: 'tools.registry',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId, toolId }) {
    await lockServer(work, serverId);
    const tool = await requireTool(work, serverId, toolId);
    const grant = await work.tx
      .selectFrom('mcp_tool_grants')
      .select('grant_id')
      .where('tool_id', '=', toolId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return { tool, grantId: grant?.grant_id };
  },

  async handle(work, { params: { toolId, granted, reason }, facts: { tool, grantId } }) {
    if (granted === (grantId !== undefined)) {
      throw refusal('INVALID_STATE', granted ? 'the tool is granted already' : 'the tool has no grant');
    }
    const id = grantId ?? newId('grant_');
    const { tx, context } = work;
    if (granted) {
      await tx
        .insertInto('mcp_tool_grants')
        .values({ grant_id: id, tenant_id: context.tenantId, tool_id: toolId, granted_by: context.actor.id, reason })
        .execute();
    } else {
      await tx
        .updateTable('mcp_tool_grants')
        .set({ revoked_by: context.actor.id, revoked_at: new Date() })
        .where('grant_id', '=', id)
        .execute();
    }
    const auditEventId = work.audit({
      type: 'tool_grant_changed',
      outcome: 'success',
      resource: { type: 'mcp_tool', id: toolId },
      evidence: { server_id: tool.server_id, tool_name: tool.name, grant_id: id, granted, reason },
    });
    return { toolId, grantId: id, auditEventId };
  },
});
