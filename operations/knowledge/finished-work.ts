import { refusal } from '../../contracts/errors';
import { jobStages, type JobKind } from '../../contracts/knowledge';
import type { Bound } from '../define';

/** A job is complete only when each of its stages says so in its own row: a report alone proves nothing. */
export async function requireFinishedWork(
  { tx }: Bound,
  { jobId, kind }: { jobId: string; kind: JobKind },
): Promise<void> {
  const rows = await tx
    .selectFrom('plane_stage_progress')
    .select(['stage', 'status'])
    .where('job_id', '=', jobId)
    .execute();
  const open = jobStages[kind].filter(
    (stage) => !rows.some((row) => row.stage === stage && row.status === 'completed'),
  );
  if (open.length > 0) {
    throw refusal('INVALID_STATE', `the job has unfinished stages: ${open.join(', ')}`, { details: { stages: open } });
  }
}
