export { createMcpUpstream, type McpUpstreamOptions } from './create-mcp-upstream';
export { type Problem, type Reached, UpstreamFailure } from './failures';
export type * from './port';
