import type { Bound } from '../define';

/** Policies that are bound to the plane, active, and not switched off: what the gate counts. */
export async function boundActivePolicies({ tx }: Bound, planeId: string): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom('plane_policy_bindings as b')
    .innerJoin('policies as p', 'p.policy_id', 'b.policy_id')
    .select('b.policy_id')
    .where('b.plane_id', '=', planeId)
    .where('b.unbound_at', 'is', null)
    .where('p.status', '=', 'ACTIVE')
    .where('p.enforcement_mode', '<>', 'DISABLED')
    .orderBy('b.policy_id')
    .execute();
  return rows.map(({ policy_id }) => policy_id);
}
