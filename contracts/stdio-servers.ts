import { z } from 'zod';
import { identifier, rawText } from './text';
import { isStdioUrl, ServerName } from './tool-schemas';

const absolutePath = rawText(4_096)
  .regex(/^\/.*[^/]$/s, 'must be a whole path, beginning with / and not ending with it')
  .refine((value) => !value.split('/').includes('..'), 'must not climb with ..');

const Folder = z.strictObject({ path: absolutePath, access: z.enum(['read', 'write']).default('read') });

const Limits = z.strictObject({
  /** Memory that each of its processes may write to. */
  memory_mb: z.int().min(16).max(1_048_576).default(512),
  /** Processes and threads together: a Node program has some ten of the latter. */
  processes: z.int().min(1).max(32_768).default(64),
  open_files: z.int().min(16).max(1_048_576).default(1_024),
  /** What lies in its own working folder, and the largest file that it may write anywhere. */
  disk_mb: z.int().min(1).max(1_048_576).default(100),
});

const Environment = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be named as a variable'), rawText(32_768))
  .refine((env) => !('PATH' in env), 'cannot hold PATH: start /usr/bin/env with PATH=… among its arguments');

/** A command that the operator lets tenants use as an MCP server. Nothing of it is ever a tenant's word. */
export const StdioServer = z.strictObject({
  command: absolutePath,
  args: z.array(rawText(32_768)).max(200).default([]),
  /** All variables that it finds, beside PATH, HOME, TMPDIR and LANG of its own. */
  env: Environment.default({}),
  /** `host` opens the whole network of the machine: what it sends passes no guard. */
  network: z.enum(['none', 'host']).default('none'),
  /** What it sees of the machine's files, beside the system's programs. */
  folders: z.array(Folder).max(100).default([]),
  /** `as_offered` runs it also where the system cannot hold it back; never with a network that it should not have. */
  isolation: z.enum(['required', 'as_offered']).default('required'),
  limits: Limits.prefault({}),
  /** Who may use it: tenant ids, or * for all. */
  tenants: z.union([z.literal('*'), z.array(identifier.or(z.literal('*'))).min(1)]),
});
export type StdioServer = z.infer<typeof StdioServer>;

/** Servers by the name under which tenants register them, as `stdio:{name}`. */
export const StdioServersFile = z.record(ServerName, StdioServer);
export type StdioServers = Readonly<Record<string, StdioServer>>;

const scheme = 'stdio:';

/** The server that a registered URL names, if the operator offers it to the tenant. */
export function findOffered(servers: StdioServers, tenantId: string, url: string): StdioServer | undefined {
  const name = url.slice(scheme.length);
  if (!isStdioUrl(url) || !Object.hasOwn(servers, name)) return undefined;
  const server = servers[name];
  return server !== undefined && isFor(server, tenantId) ? server : undefined;
}

/** URLs of all that the operator offers to the tenant. */
export function offeredUrls(servers: StdioServers, tenantId: string): string[] {
  return Object.entries(servers)
    .filter(([, server]) => isFor(server, tenantId))
    .map(([name]) => `${scheme}${name}`);
}

function isFor({ tenants }: StdioServer, tenantId: string): boolean {
  return tenants === '*' || tenants.includes('*') || tenants.includes(tenantId);
}
