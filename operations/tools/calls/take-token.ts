import { sql } from 'kysely';
import type { LimitState } from '../../../contracts/rate-limits';
import type { Work } from '../../define';
import { rateLimitRefusal } from '../../limits/rate-limit-refusal';
import type { CalledTool } from './call-facts';

type Limited = Pick<
  CalledTool,
  'server_id' | 'rate_limit_requests' | 'rate_limit_window_seconds' | 'tool_id' | 'max_calls_per_minute'
>;

/** Takes a token of the tool and, where it has a limit, of its server; `RATE_LIMIT_EXCEEDED` when one is missing. */
export async function takeToolToken({ tx, context }: Work, tool: Limited): Promise<void> {
  const { rows: empty } = await sql<LimitState>`
    select * from aos_take_tool_token(${context.tenantId}, ${tool.server_id}, ${tool.rate_limit_requests},
      ${tool.rate_limit_window_seconds}, ${tool.tool_id}, ${tool.max_calls_per_minute}, 60, null)`.execute(tx);
  if (empty.length > 0) throw rateLimitRefusal(empty);
}
