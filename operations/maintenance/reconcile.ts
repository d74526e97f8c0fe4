import { sql } from 'kysely';
import { parseContext } from '../../contracts/execution-context';
import type { RunJobMessage } from '../../contracts/outbox';
import type { Database } from '../transaction/database';

const jobAgeSecondsMin = 5;

export interface ReconcilePort {
  isRunning(workflowId: string): Promise<boolean>;
  deliver(message: RunJobMessage): Promise<void>;
}

interface OpenJobRow {
  readonly workflow_id: string;
  readonly plane_id: string;
  readonly plane_name: string;
  readonly job_id: string;
  readonly kind: string;
  readonly requester: unknown;
}

/**
 * Starts the workflow of every plane that has a job at work and no workflow: after a lost server, a terminated or a
 * reset workflow. A plane without an active job is left alone. Returns the jobs that were handed over again.
 */
export async function reconcilePlanes(db: Database, port: ReconcilePort): Promise<readonly string[]> {
  const { rows } = await sql<OpenJobRow>`
    select j.workflow_id, j.plane_id, p.name as plane_name, j.job_id, j.kind, j.requester
    from knowledge_jobs j join knowledge_planes p on p.plane_id = j.plane_id and p.active_job_id = j.job_id
    where j.status in ('queued', 'running') and j.updated_at < now() - ${jobAgeSecondsMin} * interval '1 second'
      and not exists (select from event_outbox o where o.published_at is null and o.workflow_id = j.workflow_id)`.execute(
    db,
  );
  const restarted: string[] = [];
  const faults: unknown[] = [];
  for (const row of rows) {
    // One job that cannot be handed over must not keep the others waiting.
    try {
      if (await handOver(row, port)) restarted.push(row.job_id);
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0) throw new AggregateError(faults, `${faults.length} jobs could not be handed over`);
  return restarted;
}

async function handOver(row: OpenJobRow, port: ReconcilePort): Promise<boolean> {
  if (await port.isRunning(row.workflow_id)) return false;
  await port.deliver({
    topic: 'plane.run_job',
    workflowId: row.workflow_id,
    payload: {
      planeId: row.plane_id,
      planeName: row.plane_name,
      jobId: row.job_id,
      jobKind: row.kind,
      requester: parseContext(row.requester),
    },
  });
  return true;
}

/** Keeps the audit partitions ahead of the calendar. Returns how many were made. */
export async function ensurePartitions(db: Database): Promise<number> {
  const { rows } = await sql<{ made: number }>`select aos_ensure_audit_partitions() as made`.execute(db);
  return rows[0]?.made ?? 0;
}
