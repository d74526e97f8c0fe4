import type { PrismaClient, Transaction } from '../client';
import { findPlaneStateIn, findStagesIn, type PlaneStateRows, type StageRow } from './lifecycle';
import { readAs } from './read-as';

export interface ProgressRows extends PlaneStateRows {
  readonly stages: readonly StageRow[];
  readonly lastTransition:
    { readonly transitionId: string; readonly fromStatus: string; readonly toStatus: string } | undefined;
  /** Of each stage that the tenant has completed before, how long it took of late. */
  readonly meanDurationMs: ReadonlyMap<string, number>;
}

const durationsCounted = 10;

/** How far a plane of the tenant is; undefined when it has none of this id. */
export function findProgress(
  prisma: PrismaClient,
  tenantId: string,
  planeId: string,
): Promise<ProgressRows | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const state = await findPlaneStateIn(tx, tenantId, planeId);
    if (state === undefined) return undefined;
    const stages = await findStagesIn(tx, planeId);
    const lastTransition = await tx.knowledgeLifecycleTransition.findFirst({
      where: { planeId },
      orderBy: { id: 'desc' },
      select: { transitionId: true, fromStatus: true, toStatus: true },
    });
    const meanDurationMs = await meanDurations(tx, tenantId);
    return { ...state, stages, lastTransition: lastTransition ?? undefined, meanDurationMs };
  });
}

async function meanDurations(tx: Transaction, tenantId: string): Promise<Map<string, number>> {
  const rows = await tx.$queryRaw<{ stage: string; mean: number }[]>`
    select s.stage, avg(d.duration_ms)::float8 as mean
    from unnest(array['verify', 'ingest', 'index', 'classify', 'activate']) as s (stage)
    cross join lateral (
      select duration_ms from plane_stage_progress p
      where p.tenant_id = ${tenantId} and p.stage = s.stage and p.status = 'completed'
      order by p.completed_at desc limit ${durationsCounted}) d
    where d.duration_ms is not null
    group by s.stage`;
  return new Map(rows.map(({ stage, mean }) => [stage, mean]));
}
