import type { PrismaClient } from '../client';
import type { PlaneSchedule } from '../generated/client';
import { readAs } from './read-as';

/** The schedule of a plane of the tenant; null without one, undefined without the plane. */
export function findPlaneSchedule(
  prisma: PrismaClient,
  tenantId: string,
  planeId: string,
): Promise<PlaneSchedule | null | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const plane = await tx.knowledgePlane.findFirst({ where: { tenantId, planeId }, select: { planeId: true } });
    if (plane === null) return undefined;
    return tx.planeSchedule.findFirst({ where: { tenantId, planeId, deletedAt: null } });
  });
}
