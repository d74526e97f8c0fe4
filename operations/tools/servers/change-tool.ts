import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { ServerId, ToolChange, ToolId } from '../../../contracts/tool-schemas';
import { defineOperation } from '../../define';
import { isLower, riskFloor } from '../policy/tool-risk';
import { requirePolicy } from './change-server';
import { lockServer, requireTool } from './rows';

/** Changes what an administrator may set of a tool. A tool with a critical word in its name stays high at least. */
export const changeTool = defineOperation({
  name: 'tools.change',
  permission: 'manage:integrations',
  params: z.strictObject({ serverId: ServerId, toolId: ToolId, change: ToolChange }),
  fence: 'fenced',
  capability: 'tools.registry',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId, toolId }) {
    await lockServer(work, serverId);
    return { tool: await requireTool(work, serverId, toolId) };
  },

  async handle(work, { params: { toolId, change }, facts: { tool } }) {
    const { risk_level: risk, required_permissions: permissions, policy_id: policyId } = change;
    const floor = riskFloor(tool.name);
    if (risk !== undefined && isLower(risk, floor)) {
      throw refusal('ACCESS_DENIED', `the name of the tool holds a critical word: its risk may not be below ${floor}`, {
        details: { field: 'risk_level' },
      });
    }
    if (typeof policyId === 'string') await requirePolicy(work, policyId);
    const { required_permissions: _, ...columns } = change;
    await work.tx
      .updateTable('mcp_tools')
      .set({
        ...columns,
        ...(permissions === undefined ? {} : { required_permissions: sql`${JSON.stringify(permissions)}::jsonb` }),
        ...(risk === undefined ? {} : { risk_set_by: work.context.actor.id }),
        updated_at: new Date(),
      })
      .where('tool_id', '=', toolId)
      .execute();
    const auditEventId = work.audit({
      type: 'tool_changed',
      outcome: 'success',
      resource: { type: 'mcp_tool', id: toolId },
      evidence: {
        server_id: tool.server_id,
        tool_name: tool.name,
        changed: Object.keys(change).sort(),
        risk_from: tool.risk_level,
        risk_to: risk ?? tool.risk_level,
      },
    });
    return { toolId, auditEventId };
  },
});
