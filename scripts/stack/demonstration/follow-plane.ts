import { setTimeout as sleep } from 'node:timers/promises';
import { StartError, type Say } from '../terminal';
import type { Api } from './api';

const path = [
  'DRAFT',
  'PENDING_VERIFY',
  'VERIFIED',
  'INGESTING',
  'INDEXED',
  'CLASSIFIED',
  'PENDING_ACTIVATE',
  'ACTIVE',
] as const;

export type PlaneState = (typeof path)[number];

/** Says a line for each state the plane passes, and returns when it has reached the goal. */
export function createFollower({ api, planeId, say }: { api: Api; planeId: string; say: Say }) {
  let reached = -1;
  const began = Date.now();

  return async function follow(goal: PlaneState, signal: AbortSignal): Promise<void> {
    const until = Date.now() + 180_000;
    while (reached < path.indexOf(goal)) {
      const look = await api.get(`/lifecycle/${planeId}/state`);
      const state = String(look.state).toUpperCase();
      // States are passed in their order; a short one may lie between two looks.
      const now = (path as readonly string[]).indexOf(state);
      for (; reached < now; reached += 1) {
        say(`  ${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${path[reached + 1]}`);
      }
      const retry = String(look.next_action ?? '').startsWith('retry') && !look.active_job_id;
      if (now < 0 || retry)
        throw new StartError(`the plane came to rest in ${state}; see /api/v1/lifecycle/${planeId}/stages`);
      if (Date.now() > until) throw new StartError(`the plane is still ${state} after 3 minutes`);
      if (reached < path.indexOf(goal)) await sleep(150, undefined, { signal });
    }
  };
}
