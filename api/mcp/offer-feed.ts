import { EventEmitter, once } from 'node:events';
import type { OfferLine } from '../../operations/tools/offers';

export interface OfferFeed {
  /** What the last look has found, the same one for as long as nothing differs; undefined before the first. */
  readonly offers: readonly OfferLine[] | undefined;
  /** Looks now, or once more behind the look that is under way; and from the first time on again and again. */
  look(): Promise<void>;
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
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;

  async function read(): Promise<void> {
    const found = await source.readMark();
    if (found === mark) return;
    offers = await source.readOffers();
    mark = found;
  }

  async function run(): Promise<void> {
    next = undefined;
    clearTimeout(timer);
    await read().catch(onError);
    looks.emit('look');
    if (!isStopped) timer = setTimeout(() => void look(), pollMs);
  }

  // Whoever asks while one waits for its turn has that one.
  function look(): Promise<void> {
    next ??= running = running.then(run);
    return next;
  }

  return {
    get offers() {
      return offers;
    },
    look,
    async looked(signal) {
      await once(looks, 'look', { signal });
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
