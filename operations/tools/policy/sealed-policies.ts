import type { SealedPolicies } from '../../../contracts/policies';
import type { Transaction } from '../../transaction/database';

// A sealed snapshot never changes, and its id was read in the tenant's own transaction.
const sealed = new Map<string, SealedPolicies['policies']>();
const sealedMax = 200;

/** The policies of a sealed snapshot of the tenant. */
export async function policiesOf(tx: Transaction, snapshotId: string): Promise<SealedPolicies['policies']> {
  const known = sealed.get(snapshotId);
  if (known !== undefined) return known;
  const { policies_json: json } = await tx
    .selectFrom('policy_snapshots')
    .select('policies_json')
    .where('snapshot_id', '=', snapshotId)
    .executeTakeFirstOrThrow();
  const { policies } = JSON.parse(json) as SealedPolicies;
  if (sealed.size >= sealedMax) sealed.delete(sealed.keys().next().value ?? snapshotId);
  sealed.set(snapshotId, policies);
  return policies;
}
