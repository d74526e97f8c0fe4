export { createMcpUpstream, type McpUpstreamOptions } from './create-mcp-upstream';
export { UpstreamFailure } from './port';
export type * from './port';
