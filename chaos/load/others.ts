import { setTimeout as sleep } from 'node:timers/promises';
import { capabilities } from '../../contracts/capabilities';
import type { LedgerSwitch } from '../ledger';
import type { Draw } from '../random';
import type { LoadClient } from './client';
import { withDuplicates } from './duplicates';
import type { LoadPlane, World } from './world';

/** Asks planes of every tenant, and now and then one that belongs to another. */
export async function askQuestions(world: World, name: string): Promise<void> {
  const draw = world.draw.stream(`ask/${name}`);
  while (!world.closing.aborted) {
    await pause(world, draw.between(50, 400));
    const plane = anyPlane(world, draw);
    if (plane === undefined) continue;
    const { client } = draw.chance(0.1) ? draw.pick(world.tenants) : plane.owner;
    const action = draw.chance(0.8) ? 'query' : 'list';
    const payload = action === 'query' ? { query: 'who met the heron beside the harbour', top_k: 3 } : { limit: 20 };
    const body = { plane_id: plane.planeId, action, payload };
    const answer = await client.once({ method: 'POST', path: '/retrieval/execute', body, isAnswerStored: false });
    world.count(answer?.status === 200 ? 'questions answered' : 'questions refused or lost');
  }
}

/** Drafts policies, lets them count, suspends and retires them, and binds them to planes. */
export async function changePolicies(world: World): Promise<void> {
  const draw = world.draw.stream('policies');
  for (let turn = 0; !world.closing.aborted; turn += 1) {
    await pause(world, draw.between(300, 1_500));
    const tenant = draw.pick(world.tenants);
    const post = (path: string, body: unknown) => withDuplicates(tenant.client, { method: 'POST', path, body }, draw);
    const planes = tenant.planes.map(({ planeId }) => planeId);
    const body = {
      name: `changing ${turn}`,
      enforcement_mode: draw.pick(['BLOCK', 'WARN'] as const),
      conditions: { allowed_plane_ids: draw.chance(0.7) ? ['*'] : planes },
    };
    const made = await post('/policies', body);
    if (made?.status !== 201) continue;
    const policyId = made.data.policy_id as string;
    for (const target of ['ACTIVE', 'SUSPENDED', 'ACTIVE', 'RETIRED']) {
      await pause(world, draw.between(50, 800));
      await post(`/policies/${policyId}/lifecycle`, { target, reason: 'chaos' });
    }
    world.count('policies changed');
  }
}

interface Target {
  readonly client: LoadClient;
  readonly body: { readonly scope: string; readonly scope_id?: string };
}

/** Throws and releases switches of several scopes and kinds, one at a time. */
export async function throwSwitches(world: World): Promise<void> {
  const draw = world.draw.stream('switches');
  while (!world.closing.aborted) {
    await pause(world, draw.between(1_500, 5_000));
    const { client, body } = aTarget(world, draw);
    const kind = draw.pick(['kill', 'kill', 'stop', 'pause', 'degraded'] as const);
    const change = { ...body, kind, reason: 'chaos' };
    const path = '/governance/kill-switch';
    const thrown = await withDuplicates(client, { method: 'POST', path, body: { ...change, enabled: true } }, draw);
    if (thrown?.status !== 200) continue;
    world.count(`${kind} of a ${body.scope} thrown`);
    await pause(world, draw.between(300, 3_000));
    await release(client, { ...change, enabled: false }, await client.acknowledge(thrown, kind));
  }
}

function aTarget(world: World, draw: Draw): Target {
  const tenant = draw.pick(world.tenants);
  const plane = anyPlane(world, draw);
  switch (draw.pick(['plane', 'plane', 'plane', 'tenant', 'server', 'capability', 'global'] as const)) {
    case 'plane':
      if (plane === undefined) break;
      return { client: plane.owner.client, body: { scope: 'plane', scope_id: plane.planeId } };
    case 'server':
      return { client: tenant.client, body: { scope: 'server', scope_id: tenant.tools.serverId } };
    case 'capability':
      return { client: tenant.client, body: { scope: 'capability', scope_id: draw.pick(capabilities) } };
    case 'global':
      return { client: world.operator, body: { scope: 'global' } };
    case 'tenant':
      break;
  }
  return { client: tenant.client, body: { scope: 'tenant' } };
}

async function release(client: LoadClient, body: unknown, releasing: LedgerSwitch): Promise<void> {
  await client.persist({ method: 'POST', path: '/governance/kill-switch', body, releasing });
}

/** Releases whatever is still on, also what was thrown without an answer. */
export async function releaseAll(world: World): Promise<void> {
  for (const client of [world.operator, ...world.tenants.map((tenant) => tenant.client)]) {
    const listed = await client.persist({ method: 'GET', path: '/governance/switches?limit=100' });
    for (const found of listed?.data?.items ?? []) {
      const isOwn = found.owner === (client === world.operator ? 'operator' : 'tenant');
      if (!found.enabled || !isOwn || found.scope === 'run') continue;
      const body = { scope: found.scope, kind: found.kind, enabled: false, reason: 'chaos is over' };
      const where = found.scope_id === null ? {} : { scope_id: found.scope_id };
      await client.persist({ method: 'POST', path: '/governance/kill-switch', body: { ...body, ...where } });
    }
  }
}

function anyPlane(world: World, draw: Draw): LoadPlane | undefined {
  const planes = world.tenants.flatMap((tenant) => tenant.planes);
  return planes.length === 0 ? undefined : draw.pick(planes);
}

async function pause(world: World, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: world.closing }).catch(() => {});
}
