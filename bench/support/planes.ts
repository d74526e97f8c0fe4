import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchStack } from './stack';

export interface BenchTenant {
  readonly tenantId: string;
  readonly adminKey: string;
}

/** A tenant without anything, so that no run finds what an earlier one has stored. */
export async function newTenant({ call, credentials }: BenchStack, name: string): Promise<BenchTenant> {
  const made = await call<{ tenant_id: string; admin_key: string }>(credentials.operator_key, 'POST', '/ops/tenants', {
    name,
  });
  return { tenantId: made.tenant_id, adminKey: made.admin_key };
}

/** Registers a plane over a folder, onboarding by itself. Returns its id. */
export async function onboard({ call }: BenchStack, { adminKey }: BenchTenant, folder: string): Promise<string> {
  const { plane_id } = await call<{ plane_id: string }>(adminKey, 'POST', '/planes', {
    name: 'bench',
    onboard: true,
    sources: [{ source_type: 'file', name: 'files', config: { path: folder } }],
  });
  return plane_id;
}

/** Waits until the plane is in the state with no job at work; the moment of its last transition, in epoch ms. */
export async function untilState({ owner }: BenchStack, planeId: string, state: string): Promise<number> {
  for (;;) {
    const { rows } = await owner.query<{ status: string; active_job_id: string | null; moved: Date; why: string }>(
      `select status, active_job_id, last_transition_at as moved, status_reason as why
        from knowledge_planes where plane_id = $1`,
      [planeId],
    );
    const [plane] = rows;
    if (plane?.status === state.toLowerCase() && plane.active_job_id === null) return plane.moved.getTime();
    if (plane?.status === 'failed') throw new Error(`The plane failed: ${plane.why}`);
    await sleep(50);
  }
}

/** A policy that lists the plane, active and bound; then the plane is activated. */
export async function activate(stack: BenchStack, { adminKey }: BenchTenant, planeId: string): Promise<void> {
  const post = <T>(route: string, body: unknown) => stack.call<T>(adminKey, 'POST', route, body);
  const { policy_id } = await post<{ policy_id: string }>('/policies', {
    name: 'bench',
    enforcement_mode: 'BLOCK',
    conditions: { allowed_plane_ids: [planeId] },
  });
  await post(`/policies/${policy_id}/lifecycle`, { target: 'ACTIVE', reason: 'bench' });
  await post(`/planes/${planeId}/bind-policy`, { policy_id });
  await post(`/lifecycle/${planeId}/transition`, { action: 'activate_knowledge_plane', reason: 'bench' });
  await untilState(stack, planeId, 'ACTIVE');
  // A bench asks more often than the hundred times a minute that a plane answers by default.
  const limit = { subject_type: 'plane', subject_id: planeId, requests: 1_000_000, seconds: 1, reason: 'bench' };
  await stack.call(stack.credentials.operator_key, 'POST', '/ops/rate-limits', limit);
}
