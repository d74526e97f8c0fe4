import { sql, type RawBuilder } from 'kysely';
import type { LimitState } from '../../../contracts/rate-limits';
import type { Bound } from '../../define';
import { rateLimitRefusal } from '../../limits/rate-limit-refusal';
import type { CalledTool } from './called-tool';

type Limited = Pick<
  CalledTool,
  'server_id' | 'rate_limit_requests' | 'rate_limit_window_seconds' | 'tool_id' | 'max_calls_per_minute'
>;

/** Takes a token of the tool and, where it has a limit, of its server; `RATE_LIMIT_EXCEEDED` when one is missing. */
export async function takeToolToken({ tx, context }: Bound, tool: Limited): Promise<void> {
  const { rows: empty } = await sql<LimitState>`
    select * from ${tokenOf(context.tenantId, tool, sql.val(tool.tool_id))}`.execute(tx);
  if (empty.length > 0) throw rateLimitRefusal(empty);
}

/** Selects the limits that are used up, or takes one token of each; `toolId` may be a column of what it is joined to. */
export function tokenOf(tenantId: string, tool: Limited, toolId: RawBuilder<unknown>): RawBuilder<LimitState> {
  return sql`aos_take_tool_token(${tenantId}, ${tool.server_id}, ${tool.rate_limit_requests},
    ${tool.rate_limit_window_seconds}, ${toolId}, ${tool.max_calls_per_minute}, 60, null)`;
}
