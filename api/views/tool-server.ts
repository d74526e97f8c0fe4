import type { DiscoveryAnswer, DiscoveryView, ServerDetail, ServerView } from '../../contracts/api/tool-servers';
import type { DiscoveryState, ServerAuthType, ServerStatus, ServerTransport } from '../../contracts/tools';
import type { DiscoveryResult } from '../../operations/tools/servers/discoveries';
import type { McpDiscovery, McpServer } from '../../prisma/generated/client';
import { isoOrNull } from './time';

export function toServerView(server: McpServer): ServerView {
  return {
    server_id: server.serverId,
    name: server.name,
    description: server.description,
    url: server.url,
    transport: server.transport as ServerTransport,
    auth_type: server.authType as ServerAuthType,
    credential_id: server.credentialId,
    status: server.status as ServerStatus,
    enabled: server.enabled,
    requires_approval: server.requiresApproval,
    default_policy_id: server.defaultPolicyId,
    rate_limit_requests: server.rateLimitRequests,
    rate_limit_window_seconds: server.rateLimitWindowSeconds,
    capabilities: server.capabilities as ServerView['capabilities'],
    protocol_version: server.protocolVersion,
    tool_count: server.toolCount,
    resource_count: server.resourceCount,
    prompt_count: server.promptCount,
    tags: server.tags as string[],
    metadata: server.metadata as Record<string, unknown>,
    last_error: server.lastError,
    last_discovery_at: isoOrNull(server.lastDiscoveryAt),
    last_health_check_at: isoOrNull(server.lastHealthCheckAt),
    health_check_failures: server.healthCheckFailures,
    registered_by: server.registeredBy,
    registered_at: server.registeredAt.toISOString(),
    updated_at: server.updatedAt.toISOString(),
  };
}

export function toServerDetail(server: McpServer & { readonly discovery: McpDiscovery | undefined }): ServerDetail {
  const { discovery } = server;
  return {
    ...toServerView(server),
    server_info: server.serverInfo as Record<string, unknown> | null,
    findings: server.discoveryReport as unknown as ServerDetail['findings'],
    discovery: discovery === undefined ? null : toDiscoveryView(discovery),
  };
}

export function toDiscoveryAnswer(discovery: McpDiscovery): DiscoveryAnswer {
  const result = discovery.result as unknown as DiscoveryResult | null;
  const { added, changed, gone, findings } = result ?? { added: [], changed: [], gone: [], findings: [] };
  return {
    ...toDiscoveryView(discovery),
    server_id: discovery.serverId,
    tools: result?.tools ?? null,
    added: [...added],
    changed: [...changed],
    gone: [...gone],
    findings: [...findings],
  };
}

function toDiscoveryView(discovery: McpDiscovery): DiscoveryView {
  const { errorCode: code } = discovery;
  return {
    discovery_id: discovery.discoveryId,
    state: discovery.state as DiscoveryState,
    requested_by: discovery.requestedBy,
    requested_at: discovery.requestedAt.toISOString(),
    ended_at: isoOrNull(discovery.endedAt),
    error: code === null ? null : { code, message: discovery.errorMessage ?? '' },
  };
}
