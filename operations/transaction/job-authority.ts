import { refusal } from '../../contracts/errors';
import type { SeenEpochs } from '../../contracts/switches';
import type { Transaction } from './database';

export interface JobAuthority {
  /** Switch epochs at the job's start; a kill thrown since then ends it. Absent before the job has begun. */
  readonly seen: SeenEpochs | undefined;
  /** Pauses that the job may go on under, by switch and epoch. */
  readonly passed: SeenEpochs;
}

/** Read before the fence from what a job keeps for its whole life; the operation checks the row again under lock. */
export async function readJobAuthority(tx: Transaction, jobId: string): Promise<JobAuthority> {
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
