import { EventEmitter, once } from 'node:events';
import type { ProgressView } from '../../contracts/api/progress';
import { isBefore, type StreamPosition } from '../../contracts/stream-position';
import type { FollowedEvent, PlaneLook } from '../../operations/knowledge/plane-follow';

/** What the latest look at a plane has found; streams that kept up take it from here. */
export interface FeedState {
  readonly revision: number;
  /** The events are all between these two. */
  readonly from: StreamPosition;
  readonly to: StreamPosition;
  readonly events: readonly FollowedEvent[];
  readonly progress: ProgressView | undefined;
  readonly isGone: boolean;
}

export interface FeedSource {
  look(after: StreamPosition | undefined): Promise<PlaneLook | undefined>;
  progress(): Promise<ProgressView | undefined>;
}

export interface PlaneFeed {
  /** The first state that is newer than the revision. */
  next(revision: number, signal: AbortSignal): Promise<FeedState>;
  stop(): void;
}

export interface FeedOptions {
  /** How often it looks, and so how often progress is told at most. */
  readonly pollMs: number;
  readonly onError: (error: unknown) => void;
}

// A foreign transaction that stays open holds final events back. Progress waits for them, but not for ever.
const heldBackMax = 4;

/** Looks at a plane again and again, once for everybody who follows it. */
export function createPlaneFeed(source: FeedSource, { pollMs, onError }: FeedOptions): PlaneFeed {
  const changes = new EventEmitter().setMaxListeners(0);
  let state: FeedState | undefined;
  let cursor: StreamPosition | undefined;
  let shownMark: string | undefined;
  let heldBack = 0;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function look(): Promise<void> {
    const first = await source.look(cursor);
    if (first === undefined) return publish([], { to: cursor, isGone: true });
    if (first.mark === shownMark) {
      return publish(first.events, { to: first.next, isGone: first.isPurged && !first.hasMore });
    }
    // Read between two looks: whatever it shows has its events in the second, or is known to have more.
    const progress = await source.progress();
    const second = await source.look(first.next);
    const events = [...first.events, ...(second?.events ?? [])];
    const to = second?.next ?? first.next;
    const isHeldBack = second?.hasMore === true && heldBack < heldBackMax;
    heldBack = isHeldBack ? heldBack + 1 : 0;
    if (isHeldBack) return publish(events, { to });
    shownMark = first.mark;
    publish(events, { to, progress, isGone: second === undefined || first.isPurged });
  }

  function publish(
    events: readonly FollowedEvent[],
    found: { to: StreamPosition | undefined; progress?: ProgressView | undefined; isGone?: boolean },
  ): void {
    cursor = found.to;
    // Looks that found nothing are skipped, so that a stream that kept up is never before the next state's beginning.
    const from = state?.to ?? cursor ?? start;
    const to = cursor ?? from;
    const { progress = state?.progress, isGone = false } = found;
    const isNews = events.length > 0 || progress !== state?.progress || isGone !== (state?.isGone ?? false);
    if (!isNews && state !== undefined) return;
    state = { revision: (state?.revision ?? 0) + 1, from, to, events, progress, isGone };
    changes.emit('change');
  }

  async function run(): Promise<void> {
    try {
      await look();
    } catch (error) {
      onError(error);
    }
    if (!isStopped) timer = setTimeout(() => void run(), pollMs);
  }
  void run();

  return {
    async next(revision, signal) {
      signal.throwIfAborted();
      while (state === undefined || state.revision <= revision) await once(changes, 'change', { signal });
      return state;
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

const start: StreamPosition = { xact: 0n, ordinal: 0n };

/** The events of a state behind a position; undefined when the state does not reach back so far. */
export function eventsAfter(
  { from, events }: FeedState,
  position: StreamPosition,
): readonly FollowedEvent[] | undefined {
  return isBefore(position, from) ? undefined : events.filter((event) => isBefore(position, event.position));
}
