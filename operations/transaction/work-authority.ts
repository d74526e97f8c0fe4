import { sql, type RawBuilder } from 'kysely';
import { refusal } from '../../contracts/errors';
import type { SeenEpochs } from '../../contracts/switches';

export interface WorkAuthority {
  /** Switch epochs at the start of the work; a kill thrown since then ends it. Null before a job has begun. */
  readonly seen: SeenEpochs | null;
  /** Pauses that the work may go on under, by switch and epoch. */
  readonly passed: SeenEpochs;
}

/**
 * Selects the authority of a job or of a tool call, from what it keeps for its whole life. Read with the fence; the
 * operation checks the row again under lock.
 */
export function selectAuthority(workId: string): RawBuilder<WorkAuthority> {
  return isCall(workId)
    ? sql`select seen_epochs as seen, '{}'::jsonb as passed from mcp_tool_calls where invocation_id = ${workId}`
    : sql`select case when status <> 'queued' then seen_epochs end as seen, passed_pauses as passed
        from knowledge_jobs where job_id = ${workId}`;
}

export function noSuchWork(workId: string) {
  return refusal('NOT_FOUND', isCall(workId) ? 'there is no such call' : 'there is no such job');
}

function isCall(workId: string): boolean {
  return workId.startsWith('inv_');
}
