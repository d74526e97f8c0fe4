import type { Logger } from 'pino';
import type { OfferReads } from '../../operations/tools/offers';
import { createSharedFeeds } from '../events/shared-feeds';
import { createOfferFeed, type OfferFeed } from './offer-feed';

export interface OfferFeeds {
  /** The feed of one address of the gateway; whoever took it gives it back. */
  take(tenantId: string, server: string | undefined): { readonly feed: OfferFeed; release(): void };
}

export interface OfferFeedsOptions {
  readonly reads: OfferReads;
  readonly logger: Logger;
  readonly pollMs?: number;
}

const pollMsDefault = 1_000;

export function createOfferFeeds({ reads, logger, pollMs = pollMsDefault }: OfferFeedsOptions): OfferFeeds {
  const shared = createSharedFeeds<OfferFeed>();
  const onError = (err: unknown) => logger.warn({ err }, 'what the gateway offers cannot be looked at');
  return {
    take(tenantId, server) {
      const source = {
        readMark: () => reads.readMark(tenantId, server),
        readOffers: () => reads.readOffers(tenantId, server),
      };
      const name = JSON.stringify([tenantId, server ?? null]);
      return shared.take(name, () => createOfferFeed(source, { pollMs, onError }));
    },
  };
}
