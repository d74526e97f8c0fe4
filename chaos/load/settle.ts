import { setTimeout as sleep } from 'node:timers/promises';
import { upload } from './upload';
import type { LoadPlane, World } from './world';

const lookMs = 300;

/**
 * Asks for the next action of the plane, again and again, until it is ACTIVE with no job at work; also behind failures
 * and kills. Answers its last state, or undefined when the time is up before.
 */
export async function settle(
  world: World,
  plane: LoadPlane,
  { until }: { until: AbortSignal },
): Promise<string | undefined> {
  const { client } = plane.owner;
  const { planeId } = plane;
  const post = (path: string, body: unknown) => client.persist({ method: 'POST', path, body });
  let isBound = false;
  while (!until.aborted) {
    await sleep(lookMs, undefined, { signal: until }).catch(() => {});
    const seen = await client.once({ method: 'GET', path: `/lifecycle/${planeId}/state` });
    if (seen?.status !== 200 || seen.data.active_job_id !== null) continue;
    const { state, next_action: next } = seen.data as { state: string; next_action: string | null };
    if (state === 'FAILED') return state;
    if (state === 'ACTIVE' && next !== 'retry_knowledge_plane') return state;
    if (state === 'PENDING_ACTIVATE' && !isBound) {
      const name = `for ${planeId} ${Date.now()}`;
      const conditions = { allowed_plane_ids: [planeId] };
      const made = await post('/policies', { name, enforcement_mode: 'BLOCK', conditions });
      if (made?.status !== 201) continue;
      const policyId = made.data.policy_id as string;
      await post(`/policies/${policyId}/lifecycle`, { target: 'ACTIVE', reason: 'chaos' });
      isBound = (await post(`/planes/${planeId}/bind-policy`, { policy_id: policyId }))?.status === 200;
      continue;
    }
    if (state === 'VERIFIED' && !plane.hasDocuments) {
      await upload(plane, world.draw.stream(`again/${planeId}`), 'again');
      continue;
    }
    const action = next ?? (state === 'PENDING_ACTIVATE' ? 'activate_knowledge_plane' : undefined);
    if (action === undefined) continue;
    const asked = await post(`/lifecycle/${planeId}/transition`, { action, reason: 'chaos' });
    if (asked?.status === 200) world.count('actions asked for');
  }
  return undefined;
}
