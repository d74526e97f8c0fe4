import type { Dispatch } from '../../operations/catalogue';
import type { ServerReads } from '../../operations/tools/servers/server-reads';
import type { McpUpstream } from '../adapters/mcp/port';
import type { DescribeServer } from './describe-server';

export interface ToolDependencies {
  readonly dispatch: Dispatch;
  readonly serverReads: ServerReads;
  readonly upstream: McpUpstream;
  readonly describeServer: DescribeServer;
}
