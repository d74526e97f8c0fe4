import { refusal } from '../../contracts/errors';
import type { SeenEpochs } from '../../contracts/switches';
import type { Transaction } from './database';

export interface JobAuthority {
  /** Switch epochs at the job's start; a kill thrown since then ends it. */
  readonly seen: SeenEpochs;
}

/** Read before the fence from what a job keeps for its whole life; the operation checks the row again under lock. */
export async function readJobAuthority(tx: Transaction, jobId: string): Promise<JobAuthority> {
  const row = await tx
    .selectFrom('knowledge_jobs')
    .select('seen_epochs')
    .where('job_id', '=', jobId)
    .executeTakeFirst();
  if (row === undefined) throw refusal('NOT_FOUND', 'there is no such job');
  return { seen: row.seen_epochs as SeenEpochs };
}
