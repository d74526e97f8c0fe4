import type { ToolView } from '../../contracts/api/server-tools';
import type { DefinitionState, RiskLevel, ToolDefinition } from '../../contracts/tools';
import { differencesOf } from '../../operations/tools/definitions/differences';
import type { McpTool } from '../../prisma/generated/client';
import type { GrantedTool } from '../../prisma/reads/server-tools';
import { isoOrNull } from './time';

type Json = Record<string, unknown>;

export function toToolView({ tool, grant }: GrantedTool): ToolView {
  return {
    tool_id: tool.toolId,
    server_id: tool.serverId,
    name: tool.name,
    title: tool.title,
    description: tool.description,
    input_schema: tool.inputSchema as Json,
    output_schema: tool.outputSchema as Json | null,
    annotations: tool.annotations as Json | null,
    definition_hash: tool.definitionHash,
    definition_state: tool.definitionState as DefinitionState,
    pinned_by: tool.pinnedBy,
    pinned_at: tool.pinnedAt.toISOString(),
    seen: seenOf(tool),
    risk_level: tool.riskLevel as RiskLevel,
    risk_set_by: tool.riskSetBy,
    enabled: tool.enabled,
    is_dangerous: tool.isDangerous,
    requires_explicit_allow: tool.requiresExplicitAllow,
    requires_policy: tool.requiresPolicy,
    policy_id: tool.policyId,
    required_permissions: tool.requiredPermissions as string[],
    max_calls_per_minute: tool.maxCallsPerMinute,
    retry_safe: tool.retrySafe,
    grant:
      grant === undefined
        ? null
        : {
            grant_id: grant.grantId,
            granted_by: grant.grantedBy,
            granted_at: grant.grantedAt.toISOString(),
            reason: grant.reason,
          },
    invocation_count: Number(tool.invocationCount),
    failure_count: Number(tool.failureCount),
    last_invoked_at: isoOrNull(tool.lastInvokedAt),
    discovered_at: tool.discoveredAt.toISOString(),
  };
}

function seenOf(tool: McpTool): ToolView['seen'] {
  if (tool.seenHash === null) return null;
  const seen = tool.seenDefinition as unknown as ToolDefinition;
  return { seen_hash: tool.seenHash, differences: differencesOf(pinnedOf(tool), seen) };
}

function pinnedOf(tool: McpTool): ToolDefinition {
  const { title, description, inputSchema, outputSchema, annotations } = tool;
  return {
    name: tool.name,
    ...(title !== null && { title }),
    ...(description !== null && { description }),
    inputSchema: inputSchema as Json,
    ...(outputSchema !== null && { outputSchema: outputSchema as Json }),
    ...(annotations !== null && { annotations: annotations as Json }),
  };
}
