import type { PolicyView, SnapshotView } from '../../contracts/api/policies';
import type { PolicyConditions } from '../../contracts/policies';
import type { Policy } from '../../prisma/generated/client';
import type { SnapshotWithStatus } from '../../prisma/reads/policies';
import { isoOrNull } from './time';

export function toPolicyView(policy: Policy): PolicyView {
  return {
    policy_id: policy.policyId,
    name: policy.name,
    description: policy.description,
    enforcement_mode: policy.enforcementMode as PolicyView['enforcement_mode'],
    conditions: policy.conditions as PolicyConditions,
    status: policy.status as PolicyView['status'],
    source: policy.source,
    created_by: policy.createdBy,
    created_at: policy.createdAt.toISOString(),
    updated_at: policy.updatedAt.toISOString(),
    retirement_reason: policy.retirementReason,
    retired_by: policy.retiredBy,
    retired_at: isoOrNull(policy.retiredAt),
  };
}

/** The policy as it was drafted, whatever became of it since: a repeated call gets an equal answer. */
export function toDraftedView(policy: Policy): PolicyView {
  const retirement = { retirementReason: null, retiredBy: null, retiredAt: null };
  return toPolicyView({ ...policy, ...retirement, status: 'DRAFT', updatedAt: policy.createdAt });
}

export function toSnapshotView({ snapshot, status }: SnapshotWithStatus): SnapshotView {
  return {
    snapshot_id: snapshot.snapshotId,
    version: snapshot.version,
    status: status as SnapshotView['status'],
    content_hash: snapshot.contentHash,
    threshold_snapshot_hash: snapshot.thresholdSnapshotHash,
    policy_count: snapshot.policyCount,
    created_by: snapshot.createdBy,
    created_at: snapshot.createdAt.toISOString(),
  };
}
