import { z } from 'zod';
import { CredentialId } from './credentials';
import { isSecretName } from './secret-names';
import { contentKinds, contentLimits, ServerContent } from './server-contents';
import { riskLevels, serverAuthTypes, serverCapabilities, serverTransports, toolLimits } from './tools';
import { identifier, rawText, storableObject, text } from './text';

export const ServerId = z.string().regex(/^mcp_[0-9a-f]{12}$/, 'a server id: mcp_ and 12 hex digits');
export const ToolId = z.string().regex(/^tool_[0-9a-f]{12}$/, 'a tool id: tool_ and 12 hex digits');

export const DiscoveryId = z.string().regex(/^disc_[0-9a-f]{12}$/, 'a discovery id: disc_ and 12 hex digits');

/** Agents see `{server}__{tool}`, so a name of a server is a slug, which holds no `__`. */
export const ServerName = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case letters and digits, joined by single hyphens');

/** Names a command of the operator's file; nothing else of it is ever a tenant's word. */
export function isStdioUrl(url: string): boolean {
  return url.startsWith('stdio:');
}

const stdioUrl = /^stdio:[a-z0-9]+(-[a-z0-9]+)*$/;
const tags = z.array(text(64)).max(50);
const metadata = z
  .record(text(128), z.union([rawText(1024), z.number(), z.boolean(), z.null()]))
  .refine((value) => JSON.stringify(value).length <= 16_384, 'at most 16 KiB')
  .default({});
const serverUrl = z
  .url({ protocol: /^(https?|stdio)$/ })
  .max(512)
  .refine((url) => !isStdioUrl(url) || stdioUrl.test(url), 'names a server of the operator as stdio:{name}')
  .refine((url) => !hasUserInfo(url), 'holds a password: store it with POST /credentials and name it here')
  .refine((url) => !hasSecretParameter(url), {
    message: 'has a parameter that is named as a secret: store it with POST /credentials and name it here',
  });

export const ServerDefinition = z
  .strictObject({
    name: ServerName,
    url: serverUrl,
    description: text(1024).optional(),
    transport: z.enum(serverTransports).default('http'),
    auth_type: z.enum(serverAuthTypes).default('none'),
    credential_id: CredentialId.optional(),
    requires_approval: z.boolean().default(true),
    tags: tags.default([]),
    metadata,
  })
  .refine(({ auth_type: type, credential_id: id }) => (type === 'none') === (id === undefined), {
    path: ['credential_id'],
    message: 'goes together with an auth_type other than none',
  })
  .refine(({ transport, url }) => (transport === 'stdio') === isStdioUrl(url), {
    path: ['transport'],
    message: 'is stdio for a URL of stdio:{name}, and for no other',
  })
  .refine(({ transport, auth_type: type }) => transport !== 'stdio' || type === 'none', {
    path: ['auth_type'],
    message: 'is none for stdio: what such a server needs to know stands with its operator',
  });
export type ServerDefinition = z.infer<typeof ServerDefinition>;

export const ServerChange = z
  .strictObject({
    description: text(1024).nullable(),
    requires_approval: z.boolean(),
    enabled: z.boolean(),
    suspended: z.boolean(),
    rate_limit_requests: z.int().min(1).max(100_000).nullable(),
    rate_limit_window_seconds: z.int().min(1).max(86_400),
    credential_id: CredentialId,
    default_policy_id: identifier.nullable(),
    tags,
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'names nothing to change');
export type ServerChange = z.infer<typeof ServerChange>;

export const ToolChange = z
  .strictObject({
    risk_level: z.enum(riskLevels),
    enabled: z.boolean(),
    is_dangerous: z.boolean(),
    requires_explicit_allow: z.boolean(),
    requires_policy: z.boolean(),
    policy_id: identifier.nullable(),
    required_permissions: z.array(z.string().regex(/^[a-z]+:[A-Za-z0-9_:*-]+$/, 'action:resource')).max(20),
    max_calls_per_minute: z.int().min(1).max(10_000),
    retry_safe: z.boolean(),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'names nothing to change');
export type ToolChange = z.infer<typeof ToolChange>;

/** Tools by the hashes of the definitions that an administrator was shown. */
export const ApprovedTools = z
  .array(
    z.strictObject({
      tool_id: ToolId,
      seen_hash: z.string().regex(/^[0-9a-f]{64}$/, 'the seen_hash of the tool: 64 hex digits'),
    }),
  )
  .min(1)
  .max(toolLimits.toolsPerServer);

export const ToolDefinitionSchema = z.object({
  name: rawText(128).min(1),
  title: rawText(1024).optional(),
  description: rawText(65_536).optional(),
  inputSchema: storableObject(),
  outputSchema: storableObject().optional(),
  annotations: storableObject().optional(),
});

/** What a look at a server found; made by the activity that looked, never by a caller. */
export const Discovery = z.strictObject({
  protocol_version: text(16),
  capabilities: z.array(z.enum(serverCapabilities)),
  server_info: z.strictObject({ name: rawText(256), version: rawText(128), title: rawText(256).optional() }),
  latency_ms: z.int().min(0),
  tools: z
    .array(ToolDefinitionSchema)
    .max(toolLimits.toolsPerServer)
    .refine((tools) => new Set(tools.map(({ name }) => name)).size === tools.length, 'two tools have the same name'),
  contents: z
    .array(ServerContent)
    .max(contentKinds.length * contentLimits.perKind)
    .refine(
      (contents) => new Set(contents.map(contentKey)).size === contents.length,
      'two of a kind have the same name',
    )
    .default([]),
  resource_count: z.int().min(0),
  prompt_count: z.int().min(0),
  /** What the server listed and AOS could not take, such as names that are none. */
  rejected: z.array(z.strictObject({ name: rawText(256), message: text(500) })).max(100),
});
export type Discovery = z.infer<typeof Discovery>;

function contentKey({ kind, name }: ServerContent): string {
  return `${kind} ${name}`;
}

// Refinements are asked about what is no URL too.
function partsOf(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

function hasUserInfo(url: string): boolean {
  const { username = '', password = '' } = partsOf(url) ?? {};
  return username !== '' || password !== '';
}

function hasSecretParameter(url: string): boolean {
  const { search = '', hash = '' } = partsOf(url) ?? {};
  return [search, hash.slice(1)].some((part) => [...new URLSearchParams(part).keys()].some(isSecretName));
}
