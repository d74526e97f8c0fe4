import type { McpUpstream } from '../adapters/mcp/port';
import type { DescribeServer } from './describe-server';

export interface ToolDependencies {
  readonly upstream: McpUpstream;
  readonly describeServer: DescribeServer;
}
