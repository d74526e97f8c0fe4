import path from 'node:path';
import { createApi, type Api, type Row } from './demonstration/api';
import { createFollower } from './demonstration/follow-plane';
import { askAllowed, askRefused, rows } from './demonstration/questions';
import type { Say } from './terminal';

export interface DemonstrationOptions {
  readonly apiUrl: string;
  readonly adminKey: string;
  /** The folder that holds `handbook/`. */
  readonly examples: string;
  readonly say: Say;
  readonly signal: AbortSignal;
}

const planeName = 'handbook';

/** Shows the main job over HTTP: a plane from documents to ACTIVE, a refusal by policy, and a governed answer. */
export async function demonstrate({ apiUrl, adminKey, examples, say, signal }: DemonstrationOptions): Promise<void> {
  const api = createApi({ apiUrl, key: adminKey, signal });
  const existing = await findPlane(api);
  if (existing !== undefined) {
    say(`The example plane ${planeName} is there already (${String(existing.state).toUpperCase()}).`);
    return;
  }
  const folder = path.join(examples, planeName);
  say(`The main job, with the documents in ${folder}:`);
  const plane = await api.post('/planes', {
    name: planeName,
    onboard: true,
    sources: [{ source_type: 'file', name: planeName, config: { path: folder } }],
  });
  const planeId = String(plane.plane_id);
  const follow = createFollower({ api, planeId, say });
  await follow('PENDING_ACTIVATE', signal);
  say(`  ${await countDocuments(api, planeId)}`);
  await bindPolicy({ api, planeId, say, name: 'everybody', allows: '*' });
  await api.post(`/lifecycle/${planeId}/transition`, {
    action: 'activate_knowledge_plane',
    reason: 'The example is activated',
  });
  await follow('ACTIVE', signal);
  // The handbook holds card numbers and keys, so it is restricted: "every plane" in a policy does not reach it.
  await askRefused({ api, planeId, say });
  await bindPolicy({ api, planeId, say, name: `${planeName} readers`, allows: planeId });
  await askAllowed({ api, planeId, say });
}

interface PolicyToBind {
  readonly api: Api;
  readonly planeId: string;
  readonly say: Say;
  readonly name: string;
  /** A plane id, or `*`. */
  readonly allows: string;
}

async function bindPolicy({ api, planeId, say, name, allows }: PolicyToBind): Promise<void> {
  const policy = await api.post('/policies', {
    name,
    enforcement_mode: 'BLOCK',
    conditions: { allowed_plane_ids: [allows] },
  });
  const policyId = String(policy.policy_id);
  await api.post(`/policies/${policyId}/lifecycle`, { target: 'ACTIVE', reason: 'The example may be read' });
  await api.post(`/planes/${planeId}/bind-policy`, { policy_id: policyId });
  say(`           policy "${name}" (allows ${allows}) made, activated and bound`);
}

async function findPlane(api: Api): Promise<Row | undefined> {
  const { items } = await api.get('/planes?limit=1000');
  return rows(items).find(({ name }) => name === planeName);
}

async function countDocuments(api: Api, planeId: string): Promise<string> {
  const { items } = await api.get(`/planes/${planeId}/documents?limit=1000`);
  const counts = new Map<string, number>();
  for (const { status } of rows(items)) counts.set(String(status), (counts.get(String(status)) ?? 0) + 1);
  const parts = [...counts].map(([status, count]) => `${count} ${status.replaceAll('_', ' ')}`);
  return `         ${rows(items).length} documents: ${parts.join(', ')}`;
}
