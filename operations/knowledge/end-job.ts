import { sql } from 'kysely';
import type { Bound } from '../define';
import type { PlaneRow } from './rows';

export interface EndJobInput {
  readonly plane: PlaneRow;
  readonly jobId: string;
  readonly status: 'completed' | 'failed' | 'killed' | 'cancelled';
  readonly message?: string | null;
  readonly errorCode?: string | null;
  readonly result?: Readonly<Record<string, unknown>>;
}

const stageStatus = { completed: 'completed', failed: 'failed', killed: 'failed', cancelled: 'skipped' } as const;

/** Closes the job and what belongs to it: open stages end with it, and an index run that was not committed is dead. */
export async function endJob({ tx }: Bound, input: EndJobInput): Promise<void> {
  const { plane, jobId, status, message = null, errorCode = null, result } = input;
  const now = new Date();
  await tx
    .updateTable('knowledge_jobs')
    .set({
      status,
      ended_at: now,
      updated_at: now,
      error_code: errorCode,
      error_message: message,
      ...(result !== undefined && { result: sql`${JSON.stringify(result)}::jsonb` }),
    })
    .where('job_id', '=', jobId)
    .execute();
  await tx
    .updateTable('plane_stage_progress')
    .set({ status: stageStatus[status], error: message, completed_at: now, updated_at: now })
    .where('job_id', '=', jobId)
    .where('status', '=', 'running')
    .execute();
  await tx
    .updateTable('knowledge_index_runs')
    .set({ status: 'dead' })
    .where('job_id', '=', jobId)
    .where('status', '=', 'running')
    .execute();
  await tx
    .updateTable('run_pauses')
    .set({ outcome: 'killed', resumed_at: now })
    .where('run_id', '=', jobId)
    .where('outcome', 'is', null)
    .execute();
  await tx
    .updateTable('knowledge_planes')
    .set({ active_job_id: null, updated_at: now })
    .where('plane_id', '=', plane.plane_id)
    .where('active_job_id', '=', jobId)
    .execute();
}
