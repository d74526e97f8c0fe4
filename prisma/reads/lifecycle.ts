import type { PrismaClient, Transaction } from '../client';
import type { KnowledgeJob, KnowledgePlane } from '../generated/client';
import { openBindings, planeStatus, type BindingRow } from './planes';
import { readAs } from './read-as';

export interface PlaneStateRows {
  readonly plane: KnowledgePlane;
  readonly bindings: readonly BindingRow[];
  readonly activeJob: KnowledgeJob | undefined;
  /** The job that ended last. */
  readonly lastJob: KnowledgeJob | undefined;
}

/** Where a plane of the tenant stands; undefined when it has none of this id. */
export function findPlaneState(
  prisma: PrismaClient,
  tenantId: string,
  planeId: string,
): Promise<PlaneStateRows | undefined> {
  return readAs(prisma, tenantId, (tx) => findPlaneStateIn(tx, tenantId, planeId));
}

export async function findPlaneStateIn(
  tx: Transaction,
  tenantId: string,
  planeId: string,
): Promise<PlaneStateRows | undefined> {
  const plane = await tx.knowledgePlane.findFirst({ where: { tenantId, planeId } });
  if (plane === null) return undefined;
  const bindings = await openBindings(tx, [planeId]);
  // The newest two hold both: at most one job is open, and it is the newest.
  const jobs = await tx.knowledgeJob.findMany({
    where: { planeId },
    orderBy: [{ createdAt: 'desc' }, { jobId: 'desc' }],
    take: 2,
  });
  return {
    plane,
    bindings,
    activeJob: jobs.find(({ jobId }) => jobId === plane.activeJobId),
    lastJob: jobs.find(({ endedAt }) => endedAt !== null),
  };
}

export interface StageRow {
  readonly stage: string;
  readonly status: string;
  readonly percentage: number;
  readonly attempts: number;
  readonly startedAt: Date;
  readonly completedAt: Date | null;
  readonly durationMs: number | null;
  readonly message: string | null;
  readonly error: string | null;
  readonly jobId: string;
}

/** The latest progress of each stage of a plane of the tenant; undefined when it has none of this id. */
export function findStages(prisma: PrismaClient, tenantId: string, planeId: string): Promise<StageRow[] | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    if ((await planeStatus(tx, tenantId, planeId)) === undefined) return undefined;
    return findStagesIn(tx, planeId);
  });
}

export function findStagesIn(tx: Transaction, planeId: string): Promise<StageRow[]> {
  return tx.$queryRaw<StageRow[]>`
    select distinct on (stage) stage, status, percentage, attempts, started_at as "startedAt",
      completed_at as "completedAt", duration_ms as "durationMs", message, error, job_id as "jobId"
    from plane_stage_progress where plane_id = ${planeId}
    order by stage, started_at desc, job_id desc`;
}
