/** Words and tables of the MCP control plane, free of schemas, so that workflows may import them. */

export const serverStatuses = ['pending', 'active', 'degraded', 'offline', 'suspended', 'disabled', 'error'] as const;
export type ServerStatus = (typeof serverStatuses)[number];

/** States in which a server is sent calls. */
export const callableStatuses: readonly ServerStatus[] = ['active', 'degraded'];

/** Whether somebody looks after a server: what a person put out of use is left alone. */
export function isWatched(status: string): boolean {
  return status !== 'suspended' && status !== 'disabled';
}

/** `http` and `https` are MCP's streamable HTTP; `sse` is the transport of its revision 2024-11-05. */
export const serverTransports = ['http', 'https', 'sse', 'stdio'] as const;
export type ServerTransport = (typeof serverTransports)[number];

export const serverAuthTypes = ['none', 'api_key', 'bearer', 'basic', 'oauth'] as const;
export type ServerAuthType = (typeof serverAuthTypes)[number];

export const serverCapabilities = ['tools', 'resources', 'prompts', 'sampling'] as const;
export type ServerCapability = (typeof serverCapabilities)[number];

/** What is found by looking at definitions; `rejected` could not be taken at all. */
export const findingKinds = [
  'shadowed_name',
  'confusable_name',
  'hidden_characters',
  'hidden_instructions',
  'unusable_schema',
  'not_inspected',
  'not_taken',
  'rejected',
] as const;
export type FindingKind = (typeof findingKinds)[number];
export type InspectedKind = Exclude<FindingKind, 'rejected'>;

export const discoveryStates = ['pending', 'completed', 'failed', 'killed'] as const;
export type DiscoveryState = (typeof discoveryStates)[number];

export const riskLevels = ['low', 'medium', 'high', 'critical'] as const;
export type RiskLevel = (typeof riskLevels)[number];

/** `changed` waits for an administrator to look at the new definition; `gone` was not in the last listing. */
export const definitionStates = ['pinned', 'changed', 'gone'] as const;
export type DefinitionState = (typeof definitionStates)[number];

export const toolDecisions = ['allow', 'deny', 'require_approval'] as const;
export type ToolDecisionWord = (typeof toolDecisions)[number];

export const denyReasons = [
  'unknown_tool',
  'tool_disabled',
  'tool_definition_changed',
  'dangerous_tool_not_allowed',
  'policy_violation',
  'tenant_blocked',
  'rate_limited',
  'server_offline',
  'approval_denied',
  'approval_expired',
] as const;
export type DenyReason = (typeof denyReasons)[number];

/** What an MCP server says of a tool (MCP schema `Tool`), as it arrived; only these parts are pinned. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly outputSchema?: Readonly<Record<string, unknown>>;
  readonly annotations?: ToolAnnotations;
}

/** Hints of MCP (`ToolAnnotations`): a stranger's word. They may raise a risk and never lower it. */
export interface ToolAnnotations {
  readonly title?: string;
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

export const toolLimits = {
  /** Bytes of one answer of a server (JSON-RPC message, after decompression). */
  responseBytes: 5 * 1024 * 1024,
  callTimeoutMs: 60_000,
  healthTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** Failed looks in a row that make a server offline. */
  offlineAfter: 3,
  toolsPerServer: 1_000,
  /** Names that a server has ever had a tool of: those that are gone stay on record. */
  toolsEver: 10_000,
  /** A look that somebody asked for stays so long after its end, and the newest of a server for good. */
  discoveriesKeptDays: 30,
} as const;

/** How often a server is looked at, and how often a look that tells nothing new is written down all the same. */
export const lookIntervals = {
  healthyMs: 60_000,
  ailingMs: 30_000,
  recordedMs: 300_000,
  /** Without a recorded look for so long, nobody is looking. */
  abandonedMs: 900_000,
} as const;
