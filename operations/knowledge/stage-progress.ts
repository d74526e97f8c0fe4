import { sql } from 'kysely';
import type { StageName } from '../../contracts/knowledge';
import type { Bound } from '../define';

export interface StageProgress {
  readonly planeId: string;
  readonly jobId: string;
  readonly stage: StageName;
  readonly status: 'running' | 'completed';
  /** 0 to 100. */
  readonly percentage: number;
  readonly message?: string;
  /** Replaces the stored checkpoint; left alone when absent. */
  readonly checkpoint?: unknown;
}

/** Records how far a stage is, and from where it would go on. */
export async function saveStageProgress({ tx, context }: Bound, progress: StageProgress): Promise<void> {
  const { planeId, jobId, stage, status, percentage, message = null, checkpoint } = progress;
  const json = checkpoint === undefined ? null : JSON.stringify(checkpoint);
  const isDone = status === 'completed';
  await sql`
    insert into plane_stage_progress
      (job_id, stage, plane_id, tenant_id, status, percentage, message, checkpoint, completed_at, duration_ms)
    values (${jobId}, ${stage}, ${planeId}, ${context.tenantId}, ${status}, ${percentage}, ${message}, ${json}::jsonb,
      ${isDone ? new Date() : null}, ${isDone ? 0 : null})
    on conflict (job_id, stage) do update set
      status = excluded.status,
      percentage = greatest(plane_stage_progress.percentage, excluded.percentage),
      message = excluded.message,
      error = null,
      checkpoint = coalesce(excluded.checkpoint, plane_stage_progress.checkpoint),
      completed_at = excluded.completed_at,
      duration_ms = case when excluded.status = 'completed'
        then extract(epoch from clock_timestamp() - plane_stage_progress.started_at) * 1000 end,
      updated_at = now()`.execute(tx);
}
