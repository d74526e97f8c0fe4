import type { Ledger } from './ledger';
import { beCareless } from './load/careless';
import { createLoadClient } from './load/client';
import { onboardPlanes } from './load/onboard';
import { askQuestions, changePolicies, throwSwitches } from './load/others';
import { callTools, setUpTools } from './load/tools';
import type { LoadTenant, World } from './load/world';
import type { ChaosStack } from './stack/stack';

export interface WorldOptions extends Omit<World, 'tenants' | 'operator' | 'stranger'> {
  readonly stack: ChaosStack;
  readonly ledger: Ledger;
}

/** The two tenants of the installation and one made for this run, each with its administrator's key. */
export async function createWorld(options: WorldOptions): Promise<World> {
  const { stack, ledger, over, ...rest } = options;
  const { apiUrl, owner, keys } = stack;
  const client = (name: string, tenantId: string, apiKey: string) =>
    createLoadClient({ name, apiUrl, tenantId, apiKey, ledger, signal: over, readSnapshot: () => readSnapshot(owner) });
  const operator = client('operator', 'platform', keys.operator_key);
  const made = await operator.persist({ method: 'POST', path: '/ops/tenants', body: { name: 'Third' } });
  if (made?.status !== 201) throw new Error(`no tenant could be made: ${JSON.stringify(made)}`);
  const admins = [...keys.tenants, made.data as { tenant_id: string; admin_key: string }];
  const tenants = await Promise.all(
    admins.map(async ({ tenant_id: tenantId, admin_key: key }, index): Promise<LoadTenant> => {
      const admin = client(`tenant${index}`, tenantId, key);
      const tools = await setUpTools(admin, {
        url: `${options.siteOrigin}/mcp`,
        withKey: (name, other) => client(`tenant${index}-${name}`, tenantId, other),
      });
      return { tenantId, client: admin, planes: [], tools };
    }),
  );
  const stranger = client('stranger', 'nobody', options.secrets.bearer);
  return { ...rest, over, tenants, operator, stranger };
}

async function readSnapshot(owner: ChaosStack['owner']) {
  try {
    const { rows } = await owner.query<{ snapshot: string; acknowledged_at_lsn: string }>(
      'select pg_current_snapshot()::text as snapshot, pg_current_wal_flush_lsn()::text as acknowledged_at_lsn',
    );
    return rows[0] ?? {};
  } catch {
    // Postgres is away, which is what this is about; the throw then bounds nothing.
    return {};
  }
}

/** Everybody at once; returns when all have noticed that the load closes. */
export async function runLoad(world: World): Promise<void> {
  const lives = world.tenants.flatMap((tenant, index) =>
    [0, 1].map((which) => onboardPlanes(world, tenant, `t${index}-${which}`)),
  );
  const callers = world.tenants.flatMap((tenant, index) =>
    [0, 1].map((which) => callTools(world, tenant, `${index}-${which}`)),
  );
  const askers = [0, 1].map((which) => askQuestions(world, String(which)));
  await Promise.all([...lives, ...callers, ...askers, changePolicies(world), throwSwitches(world), beCareless(world)]);
}
