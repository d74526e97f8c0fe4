import type { ApiClient } from './api-client';

/** A policy in force, under a name of its own. */
export async function anActivePolicy(api: ApiClient, name: string, conditions: object): Promise<string> {
  const made = await api.post('/policies', { name, enforcement_mode: 'BLOCK', conditions });
  const policyId = made.body.data?.policy_id as string;
  const active = await api.post(`/policies/${policyId}/lifecycle`, { target: 'ACTIVE', reason: 'test' });
  if (active.status !== 200) throw new Error(`${active.status} ${JSON.stringify(active.body)}`);
  return policyId;
}
