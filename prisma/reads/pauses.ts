import type { TimeKey } from '../../contracts/api/common';
import type { PrismaClient } from '../client';
import type { RunPause, RuntimeSwitch, SwitchFanOut } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

export interface PauseFilter {
  readonly status: 'open' | 'ended' | undefined;
  readonly page: PageRequest<TimeKey>;
}

/** Runs that wait, or waited, at a pause switch, newest first. */
export function listPauses(
  prisma: PrismaClient,
  tenantId: string,
  { status, page: { limit, after } }: PauseFilter,
): Promise<PageOf<RunPause, TimeKey>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.runPause.findMany({
      where: {
        ...(status === 'open' && { outcome: null }),
        ...(status === 'ended' && { outcome: { not: null } }),
        ...(after !== undefined && {
          OR: [{ pausedAt: { lt: after[0] } }, { pausedAt: after[0], pauseId: { lt: after[1] } }],
        }),
      },
      orderBy: [{ pausedAt: 'desc' }, { pauseId: 'desc' }],
      take: limit + 1,
    });
    return pageOf(found, limit, (row): TimeKey => [row.pausedAt.toISOString(), row.pauseId]);
  });
}

export interface SwitchReportRows {
  readonly row: RuntimeSwitch;
  /** Of its last throw. */
  readonly fanOut: SwitchFanOut | null;
  readonly seen: number;
  readonly signalled: number;
  readonly pausedRuns: number;
}

export function readSwitchReport(
  prisma: PrismaClient,
  tenantId: string,
  switchId: string,
): Promise<SwitchReportRows | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const row = await tx.runtimeSwitch.findUnique({ where: { switchId } });
    if (row === null) return undefined;
    const at = { switchId, epoch: row.epoch };
    const fanOut = await tx.switchFanOut.findUnique({ where: { switchId_epoch: at } });
    const seen = await tx.switchFanOutTarget.count({ where: at });
    const signalled = await tx.switchFanOutTarget.count({ where: { ...at, signalled: true } });
    const pausedRuns = await tx.runPause.count({ where: { switchId, outcome: null } });
    return { row, fanOut, seen, signalled, pausedRuns };
  });
}
