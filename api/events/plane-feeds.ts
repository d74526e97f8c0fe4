import type { Logger } from 'pino';
import type { LookAtPlane } from '../../operations/knowledge/plane-follow';
import type { PrismaClient } from '../../prisma/client';
import { findProgress } from '../../prisma/reads/progress';
import { toProgressView } from '../views/progress';
import { createPlaneFeed, type PlaneFeed } from './plane-feed';
import { createSharedFeeds } from './shared-feeds';

export interface PlaneFeeds {
  /** The feed that all streams of a plane share; whoever took it gives it back. */
  take(tenantId: string, planeId: string): { readonly feed: PlaneFeed; release(): void };
}

export interface PlaneFeedsOptions {
  readonly look: LookAtPlane;
  readonly prisma: PrismaClient;
  readonly logger: Logger;
  readonly pollMs?: number;
}

const pollMsDefault = 500;

export function createPlaneFeeds({ look, prisma, logger, pollMs = pollMsDefault }: PlaneFeedsOptions): PlaneFeeds {
  const shared = createSharedFeeds<PlaneFeed>();

  function start(tenantId: string, planeId: string): PlaneFeed {
    const source = {
      look: (after: Parameters<LookAtPlane>[2]) => look(tenantId, planeId, after),
      async progress() {
        const rows = await findProgress(prisma, tenantId, planeId);
        return rows === undefined ? undefined : toProgressView(rows, new Date());
      },
    };
    const onError = (err: unknown) => logger.warn({ err, plane_id: planeId }, 'the plane cannot be looked at');
    return createPlaneFeed(source, { pollMs, onError });
  }

  return {
    take: (tenantId, planeId) => shared.take(`${tenantId}/${planeId}`, () => start(tenantId, planeId)),
  };
}
