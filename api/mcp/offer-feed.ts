import { EventEmitter, once } from 'node:events';
import type { OfferLine } from '../../operations/tools/offers';

export interface OfferFeed {
  /** What the last look has found, the same one for as long as nothing differs; undefined before the first. */
  readonly offers: readonly OfferLine[] | undefined;
  /** The next look, whatever it finds, and also where it fails. */
  looked(signal: AbortSignal): Promise<void>;
  stop(): void;
}

export interface OfferSource {
  /** Another one whenever the offers may be others. */
  readMark(): Promise<string>;
  readOffers(): Promise<readonly OfferLine[]>;
}

interface OfferFeedOptions {
  readonly pollMs: number;
  readonly onError: (error: unknown) => void;
}

/** Looks again and again at what is offered at one address, once for everybody who listens there. */
export function createOfferFeed(source: OfferSource, { pollMs, onError }: OfferFeedOptions): OfferFeed {
  const looks = new EventEmitter().setMaxListeners(0);
  let mark: string | undefined;
  let offers: readonly OfferLine[] | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function look(): Promise<void> {
    const found = await source.readMark();
    if (found === mark) return;
    offers = await source.readOffers();
    mark = found;
  }

  async function run(): Promise<void> {
    await look().catch(onError);
    looks.emit('look');
    if (!isStopped) timer = setTimeout(() => void run(), pollMs);
  }
  void run();

  return {
    get offers() {
      return offers;
    },
    async looked(signal) {
      await once(looks, 'look', { signal });
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
