import { formatPosition, isBefore, type StreamPosition } from '../../contracts/stream-position';
import type { LookAtPlane } from '../../operations/knowledge/plane-follow';
import type { StreamEvent } from '../route';
import { toFollowedEventView } from '../views/progress';
import { eventsAfter } from './plane-feed';
import type { PlaneFeeds } from './plane-feeds';

interface Following {
  readonly feeds: PlaneFeeds;
  readonly look: LookAtPlane;
  readonly tenantId: string;
  readonly planeId: string;
  /** Everything behind it is told, in order and once. */
  readonly after: StreamPosition;
  readonly signal: AbortSignal;
}

/** What happens to a plane, and how far it is, until the plane is gone. It holds a place, never a queue. */
export async function* followPlane(following: Following): AsyncGenerator<StreamEvent> {
  const { feeds, look, tenantId, planeId, signal } = following;
  const { feed, release } = feeds.take(tenantId, planeId);
  try {
    let place = following.after;
    let revision = 0;
    let told: unknown;
    for (;;) {
      const state = await feed.next(revision, signal);
      while (isBefore(place, state.to)) {
        const shared = eventsAfter(state, place);
        // Who comes back late, or reads slowly, reads the rows once more, a page at a time.
        const own = shared === undefined ? await look(tenantId, planeId, place) : undefined;
        if (shared === undefined && own === undefined) break;
        for (const event of shared ?? own?.events ?? []) {
          const id = formatPosition(event.position);
          yield { id, event: 'lifecycle', data: toFollowedEventView(planeId, event) };
        }
        place = own?.next ?? state.to;
      }
      if (state.progress !== undefined && state.progress !== told) {
        told = state.progress;
        yield { id: formatPosition(place), event: 'job.progress.updated', data: state.progress };
      }
      if (state.isGone) {
        yield { event: 'end', data: { code: 'resource_not_found', message: 'the plane is no more' } };
        return;
      }
      revision = state.revision;
    }
  } finally {
    release();
  }
}
