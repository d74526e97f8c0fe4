import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../../contracts/errors';
import { ApprovedTools, ServerId } from '../../../contracts/tool-schemas';
import type { ToolDefinition } from '../../../contracts/tools';
import { text } from '../../../contracts/text';
import { defineOperation, type Work } from '../../define';
import { differencesOf } from '../definitions/differences';
import { initialRisk, isLower } from '../policy/tool-risk';
import { lockServer, pinnedDefinition, toolsOf, type ToolRow } from './rows';

/** Pins the definitions that an administrator has looked at: those with the hashes that he was shown, and no newer ones. */
export const approveDefinitions = defineOperation({
  name: 'tools.servers.approve_definitions',
  permission: 'manage:integrations',
  params: z.strictObject({
    serverId: ServerId,
    tools: ApprovedTools,
    reason: text(1000),
  }),
  fence: 'fenced',
  capability: 'tools.registry',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId, tools }) {
    await lockServer(work, serverId);
    const ids = tools.map(({ tool_id: id }) => id);
    return { known: await toolsOf(work, serverId, ids) };
  },

  async handle(work, { params: { serverId, tools, reason }, facts: { known } }) {
    const byId = new Map(known.map((tool) => [tool.tool_id, tool]));
    for (const { tool_id: toolId, seen_hash: seenHash } of tools) {
      const tool = byId.get(toolId);
      if (tool === undefined) throw refusal('TOOL_NOT_FOUND', `the server has no tool ${toolId}`);
      if (tool.definition_state !== 'changed' || tool.seen_hash !== seenHash) {
        throw refusal('CONFLICT', `${tool.name} was seen with another definition since; look at it again`);
      }
      await pin(work, tool, reason);
    }
    return { serverId, approved: tools.length };
  },
});

async function pin(work: Work, tool: ToolRow, reason: string): Promise<void> {
  const seen = tool.seen_definition as unknown as ToolDefinition;
  const suggested = initialRisk(seen.name, seen.annotations);
  const current = tool.risk_level as typeof suggested;
  await work.tx
    .updateTable('mcp_tools')
    .set({
      title: seen.title ?? null,
      description: seen.description ?? null,
      input_schema: sql`${JSON.stringify(seen.inputSchema)}::jsonb`,
      output_schema: seen.outputSchema === undefined ? null : sql`${JSON.stringify(seen.outputSchema)}::jsonb`,
      annotations: seen.annotations === undefined ? null : sql`${JSON.stringify(seen.annotations)}::jsonb`,
      definition_hash: tool.seen_hash ?? '',
      definition_state: 'pinned',
      seen_definition: null,
      seen_hash: null,
      pinned_by: work.context.actor.id,
      pinned_at: new Date(),
      // What a server admits raises the risk; what a person has set stays.
      ...(tool.risk_set_by === null && isLower(current, suggested) ? { risk_level: suggested } : {}),
      updated_at: new Date(),
    })
    .where('tool_id', '=', tool.tool_id)
    .execute();
  work.audit({
    type: 'tool_definition_approved',
    outcome: 'success',
    resource: { type: 'mcp_tool', id: tool.tool_id },
    evidence: {
      server_id: tool.server_id,
      tool_name: tool.name,
      from_hash: tool.definition_hash,
      to_hash: tool.seen_hash ?? '',
      fields: differencesOf(pinnedDefinition(tool), seen).map(({ field }) => field),
      reason,
    },
  });
}
