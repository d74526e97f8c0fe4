import type { PolicySimulation } from '../../contracts/api/policy-simulation';
import { refusal } from '../../contracts/errors';
import type { PolicyConditions, SealedPolicies } from '../../contracts/policies';
import type { Bound, Work } from '../define';
import { requireExpressions } from '../tools/policy/require-expressions';

type Sealed = SealedPolicies['policies'];

export interface SimulatedPolicies {
  readonly snapshotId: string | null;
  /** In force at the moment; undefined where no snapshot is active. */
  readonly current: Sealed | undefined;
  /** The same with the policy among them. */
  readonly simulated: Sealed;
  readonly policy: Sealed[number];
}

const givenId = 'simulated';

/** The policies in force, and what they would be with this one: added, or in the place of the one that it replaces. */
export async function readSimulatedPolicies(work: Work, params: PolicySimulation): Promise<SimulatedPolicies> {
  const { tx } = work;
  const active = await tx
    .selectFrom('policy_snapshot_status as a')
    .innerJoin('policy_snapshots as s', 's.snapshot_id', 'a.snapshot_id')
    .select(['s.snapshot_id', 's.policies_json'])
    .where('a.status', '=', 'active')
    .executeTakeFirst();
  const current = active === undefined ? undefined : (JSON.parse(active.policies_json) as SealedPolicies).policies;
  const { replaces } = params;
  if (replaces !== undefined && current?.some(({ policy_id: id }) => id === replaces) !== true) {
    throw refusal('NOT_FOUND', 'the policy that would be replaced is not in force', { details: { field: 'replaces' } });
  }
  const policy = await readPolicy(work, params);
  const others = (current ?? []).filter(({ policy_id: id }) => id !== policy.policy_id);
  return { snapshotId: active?.snapshot_id ?? null, current, policy, simulated: [...others, policy] };
}

async function readPolicy(
  { tx }: Bound,
  { policy_id: id, policy, replaces }: PolicySimulation,
): Promise<Sealed[number]> {
  // What is bound to the policy that it replaces is bound to it.
  if (policy !== undefined) {
    requireExpressions(policy.conditions);
    return { policy_id: replaces ?? givenId, name: givenId, ...policy };
  }
  const row = await tx
    .selectFrom('policies')
    .select(['policy_id', 'name', 'enforcement_mode', 'conditions'])
    .where('policy_id', '=', id ?? '')
    .executeTakeFirst();
  if (row === undefined) throw refusal('NOT_FOUND', 'there is no such policy');
  const { enforcement_mode: mode, conditions, ...named } = row;
  return {
    ...named,
    ...(replaces !== undefined && { policy_id: replaces }),
    enforcement_mode: mode as Sealed[number]['enforcement_mode'],
    conditions: conditions as PolicyConditions,
  };
}
