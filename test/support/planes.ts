import type { ApiClient } from './api-client';
import { until } from './until';

/** Waits until the plane is in the state and no job is at work. Fails at once when it ends elsewhere. */
export async function waitForState(api: ApiClient, planeId: string, state: string): Promise<void> {
  let last: unknown;
  await until(
    async () => {
      const { body } = await api.get(`/lifecycle/${planeId}/state`);
      last = body.data ?? body;
      if (body.data?.state === 'FAILED' && state !== 'FAILED') throw new Error(JSON.stringify(body.data));
      return body.data?.state === state && body.data.active_job_id === null;
    },
    { what: `state ${state}` },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; last seen ${JSON.stringify(last)}`);
  });
}

/** A policy that lists the plane by id, active and bound. */
export async function aPolicyFor(
  api: ApiClient,
  planeId: string,
  conditions: object = {},
  name = `for ${planeId}`,
): Promise<string> {
  const created = await api.post('/policies', {
    name,
    enforcement_mode: 'BLOCK',
    conditions: { allowed_plane_ids: [planeId], ...conditions },
  });
  const policyId = created.body.data?.policy_id as string;
  await expectOk(api.post(`/policies/${policyId}/lifecycle`, { target: 'ACTIVE', reason: 'test' }));
  await expectOk(api.post(`/planes/${planeId}/bind-policy`, { policy_id: policyId }));
  return policyId;
}

export async function activate(api: ApiClient, planeId: string): Promise<void> {
  await expectOk(api.post(`/lifecycle/${planeId}/transition`, { action: 'activate_knowledge_plane', reason: 'test' }));
  await waitForState(api, planeId, 'ACTIVE');
}

async function expectOk(call: Promise<{ status: number; body: unknown }>): Promise<void> {
  const { status, body } = await call;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
}

export interface UploadPlane {
  readonly planeId: string;
  readonly sourceId: string;
}

/** A plane with one upload source, in DRAFT. */
export async function anUploadPlane(api: ApiClient, name: string, extra: object = {}): Promise<UploadPlane> {
  const { status, body } = await api.post('/planes', {
    name,
    sources: [{ source_type: 'upload', name: 'uploads', config: {} }],
    ...extra,
  });
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return { planeId: body.data.plane_id, sourceId: body.data.sources[0].source_id };
}

export async function transition(api: ApiClient, planeId: string, action: string) {
  return api.post(`/lifecycle/${planeId}/transition`, { action, reason: 'test' });
}
