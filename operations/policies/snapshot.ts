import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import type { PolicyConditions, SealedPolicies } from '../../contracts/policies';
import { defineOperation, type Bound, type Work } from '../define';
import { canonicalJson, sha256Hex } from '../transaction/canonical';

export interface SealedSnapshot {
  readonly snapshotId: string;
  readonly version: number;
  readonly contentHash: string;
  readonly policyCount: number;
}

/** Seals the tenant's active policies and open bindings as the new active snapshot. The sealed row never changes. */
export async function sealSnapshot(work: Work): Promise<SealedSnapshot> {
  const { tx, context } = work;
  // One sealing at a time per tenant: the version counts up without gaps, and the newest content is the active one.
  await sql`select 1 from tenants where tenant_id = ${context.tenantId} for no key update`.execute(tx);
  const content = await readContent(work);
  const policiesJson = canonicalJson(content);
  const thresholdsJson = canonicalJson({});
  const contentHash = sha256Hex(policiesJson + thresholdsJson);
  const last = await tx
    .selectFrom('policy_snapshots')
    .select(sql<number>`coalesce(max(version), 0)::int`.as('version'))
    .executeTakeFirst();
  const version = (last?.version ?? 0) + 1;
  const snapshotId = `SNAP-${contentHash.slice(0, 12)}-${randomBytes(4).toString('hex')}`;
  await tx
    .insertInto('policy_snapshots')
    .values({
      snapshot_id: snapshotId,
      tenant_id: context.tenantId,
      version,
      policies_json: policiesJson,
      thresholds_json: thresholdsJson,
      content_hash: contentHash,
      threshold_snapshot_hash: sha256Hex(thresholdsJson),
      policy_count: content.policies.length,
      created_by: context.actor.id,
    })
    .execute();
  await replaceActive(work, snapshotId);
  const policyCount = content.policies.length;
  work.audit({
    type: 'PolicySnapshotCreated',
    outcome: 'success',
    resource: { type: 'policy_snapshot', id: snapshotId },
    policySnapshotId: snapshotId,
    evidence: { snapshot_id: snapshotId, version, content_hash: contentHash, policy_count: policyCount },
  });
  return { snapshotId, version, contentHash, policyCount };
}

async function readContent({ tx }: Bound): Promise<SealedPolicies> {
  const policies = await tx
    .selectFrom('policies')
    .select(['policy_id', 'name', 'enforcement_mode', 'conditions'])
    .where('status', '=', 'ACTIVE')
    .orderBy('policy_id')
    .execute();
  const bindings = await tx
    .selectFrom('plane_policy_bindings')
    .select(['plane_id', 'policy_id'])
    .where('unbound_at', 'is', null)
    .orderBy('plane_id')
    .orderBy('policy_id')
    .execute();
  return {
    policies: policies.map((policy) => ({
      ...policy,
      enforcement_mode: policy.enforcement_mode as SealedPolicies['policies'][number]['enforcement_mode'],
      conditions: policy.conditions as PolicyConditions,
    })),
    bindings,
  };
}

async function replaceActive({ tx, context }: Bound, snapshotId: string): Promise<void> {
  const changed = { changed_by: context.actor.id, changed_at: new Date() };
  await tx
    .updateTable('policy_snapshot_status')
    .set({ status: 'superseded', ...changed })
    .where('status', '=', 'active')
    .execute();
  await tx
    .insertInto('policy_snapshot_status')
    .values({ snapshot_id: snapshotId, tenant_id: context.tenantId, status: 'active', ...changed })
    .execute();
}

/** The tenant's active snapshot; undefined before the first one was sealed. */
export async function activeSnapshotId({ tx }: Bound): Promise<string | undefined> {
  const row = await tx
    .selectFrom('policy_snapshot_status')
    .select('snapshot_id')
    .where('status', '=', 'active')
    .executeTakeFirst();
  return row?.snapshot_id;
}

export const createSnapshot = defineOperation({
  name: 'policies.snapshots.create',
  permission: 'manage:policies',
  params: z.strictObject({}),
  fence: 'fenced',
  loadFacts: async () => ({}),
  handle: (work) => sealSnapshot(work),
});
