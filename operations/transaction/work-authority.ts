import { refusal } from '../../contracts/errors';
import type { SeenEpochs } from '../../contracts/switches';
import type { Transaction } from './database';

export interface WorkAuthority {
  /** Switch epochs at the start of the work; a kill thrown since then ends it. Absent before a job has begun. */
  readonly seen: SeenEpochs | undefined;
  /** Pauses that the work may go on under, by switch and epoch. */
  readonly passed: SeenEpochs;
}

/**
 * Of a job or of a tool call, from what it keeps for its whole life. Read before the fence; the operation checks the row
 * again under lock.
 */
export async function readWorkAuthority(tx: Transaction, workId: string): Promise<WorkAuthority> {
  return workId.startsWith('inv_') ? ofCall(tx, workId) : ofJob(tx, workId);
}

async function ofCall(tx: Transaction, invocationId: string): Promise<WorkAuthority> {
  const row = await tx
    .selectFrom('mcp_tool_calls')
    .select('seen_epochs')
    .where('invocation_id', '=', invocationId)
    .executeTakeFirst();
  if (row === undefined) throw refusal('NOT_FOUND', 'there is no such call');
  return { seen: row.seen_epochs as SeenEpochs, passed: {} };
}

async function ofJob(tx: Transaction, jobId: string): Promise<WorkAuthority> {
  const row = await tx
    .selectFrom('knowledge_jobs')
    .select(['status', 'seen_epochs', 'passed_pauses'])
    .where('job_id', '=', jobId)
    .executeTakeFirst();
  if (row === undefined) throw refusal('NOT_FOUND', 'there is no such job');
  return {
    seen: row.status === 'queued' ? undefined : (row.seen_epochs as SeenEpochs),
    passed: row.passed_pauses as SeenEpochs,
  };
}
