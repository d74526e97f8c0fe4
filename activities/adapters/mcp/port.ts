import type { LogEntry, LogLevel, ProgressOfCall } from '../../../contracts/server-logs';
import type { ReadRequest } from '../../../contracts/server-reads';
import type { StdioServer } from '../../../contracts/stdio-servers';
import type { ToolDefinition } from '../../../contracts/tools';
import type { UpstreamFailure } from './failures';

export { type Problem, type Reached, UpstreamFailure } from './failures';

/** Reads a secret for one request; what it returns is used and forgotten. */
export type ReadSecret<Secret> = (signal: AbortSignal) => Promise<Secret>;

/** How requests are authorized. The fields of a secret are named as the vault stores them. */
export type UpstreamAuth =
  | { readonly type: 'none' }
  | {
      readonly type: 'api_key';
      /** `X-API-Key` when absent. */
      readonly header?: string;
      readonly read: ReadSecret<{ readonly api_key: string }>;
    }
  | { readonly type: 'bearer'; readonly read: ReadSecret<{ readonly token: string }> }
  | { readonly type: 'basic'; readonly read: ReadSecret<{ readonly username: string; readonly password: string }> }
  | {
      /** The client credentials grant of OAuth 2.1. */
      readonly type: 'oauth';
      readonly tokenUrl: string;
      readonly scope?: string;
      /** RFC 8707: whom the token is for. */
      readonly resource?: string;
      readonly read: ReadSecret<{ readonly client_id: string; readonly client_secret: string }>;
    };

interface AnyServer {
  readonly tenantId: string;
  readonly serverId: string;
}

export interface WebServer extends AnyServer {
  /** `http` and `https` are streamable HTTP, `sse` is the transport of revision 2024-11-05. */
  readonly transport: 'http' | 'https' | 'sse';
  readonly url: string;
  readonly auth: UpstreamAuth;
  /** Changes with every rotation: a connection belongs to one version of a credential. */
  readonly credentialVersion?: string;
}

/** What is run, and how it is held back. */
export type ChildProgram = Omit<StdioServer, 'tenants'>;

export interface ChildServer extends AnyServer, ChildProgram {
  readonly transport: 'stdio';
  /** Who put the command down. Only the operator's commands are run. */
  readonly registeredBy: 'operator' | 'tenant';
  readonly credentialVersion?: string;
}

export type ServerDescription = WebServer | ChildServer;

export interface Handshake {
  readonly protocolRevision: string;
  /** What the server calls itself: a stranger's word. */
  readonly server: { readonly name: string; readonly version: string; readonly title?: string } | null;
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** What holds a child back and what does not; null for a server over HTTP. */
  readonly confinement: Confinement | null;
}

export interface Confinement {
  readonly applied: readonly string[];
  readonly missing: readonly string[];
}

export interface Definitions<T> {
  readonly items: readonly T[];
  /** More were offered than are taken. */
  readonly isTruncated: boolean;
  /** Names of those that are too large to be taken, shortened. */
  readonly tooLarge: readonly string[];
}

/** As the server sent it: content of kinds not known here, and fields beside the known ones, are kept. */
export interface ToolResult {
  readonly content: readonly ContentBlock[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

export interface ContentBlock {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A result with `isError` is an answer as any other. */
export type CallAnswer =
  | { readonly kind: 'result'; readonly result: ToolResult }
  | { readonly kind: 'failure'; readonly failure: UpstreamFailure };

export interface ToServer {
  readonly server: ServerDescription;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface ToolCall extends ToServer {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** The schema as pinned; with it, parameters that the server wants mirrored as headers are. */
  readonly inputSchema?: Readonly<Record<string, unknown>>;
  readonly onProgress?: (progress: ProgressOfCall) => void;
  /** Entries that the server logs while it works, where they come with the answer. */
  readonly log?: { readonly level: LogLevel; on(entry: LogEntry): void };
}

/** Servers that speak the Model Context Protocol. It never repeats a request of which a server may have seen something. */
export interface McpUpstream {
  handshake(input: ToServer): Promise<Handshake>;
  listTools(input: ToServer): Promise<Definitions<ToolDefinition>>;
  listResources(input: ToServer): Promise<Definitions<NamedDefinition>>;
  listResourceTemplates(input: ToServer): Promise<Definitions<NamedDefinition>>;
  listPrompts(input: ToServer): Promise<Definitions<NamedDefinition>>;
  /** Never throws for what a server, the network or the caller's signal did. */
  callTool(input: ToolCall): Promise<CallAnswer>;
  /** What the server answered, as it sent it. Fails as UpstreamFailure. */
  read(input: ToServer & { readonly request: ReadRequest }): Promise<Readonly<Record<string, unknown>>>;
  /** Milliseconds until the server answered. */
  ping(input: ToServer): Promise<number>;
  /** Ends all connections and children; calls in flight fail. */
  close(): Promise<void>;
}

export interface NamedDefinition {
  readonly name: string;
  readonly [field: string]: unknown;
}
