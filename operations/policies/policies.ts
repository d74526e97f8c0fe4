import { sql } from 'kysely';
import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { platformTenantId } from '../../contracts/execution-context';
import { PolicyDefinition, policyStates, policyTransitions, type PolicyState } from '../../contracts/policies';
import { identifier, text } from '../../contracts/text';
import { defineOperation } from '../define';
import { newId } from '../ids';
import { requireExpressions } from '../tools/policy/require-expressions';
import { digestOf } from '../transaction/canonical';
import { sealSnapshot } from './snapshot';

/** Records a policy in DRAFT: it counts for nothing until it is activated. */
export const createPolicy = defineOperation({
  name: 'policies.create',
  permission: 'manage:policies',
  params: PolicyDefinition,
  fence: 'fenced',

  async loadFacts({ tx }, { name }) {
    const namesake = await tx.selectFrom('policies').select('policy_id').where('name', '=', name).executeTakeFirst();
    return { namesake: namesake?.policy_id };
  },

  async handle(work, { params, facts }) {
    requireExpressions(params.conditions);
    if (facts.namesake !== undefined) throw refusal('name_taken', 'a policy of this name exists; choose another name');
    const policyId = newId('pol_');
    await work.tx
      .insertInto('policies')
      .values({
        policy_id: policyId,
        tenant_id: work.context.tenantId,
        name: params.name,
        description: params.description ?? null,
        enforcement_mode: params.enforcement_mode,
        conditions: sql`${JSON.stringify(params.conditions)}::jsonb`,
        created_by: work.context.actor.id,
      })
      .execute();
    const auditEventId = work.audit({
      type: 'PolicyRuleCreated',
      outcome: 'success',
      policyId,
      resource: { type: 'policy', id: policyId },
      evidence: {
        name: params.name,
        enforcement_mode: params.enforcement_mode,
        conditions_hash: digestOf(params.conditions),
      },
    });
    return { policyId, auditEventId };
  },
});

/** Moves a policy through its life and seals a new snapshot. RETIRED is final and keeps its reason. */
export const changePolicyState = defineOperation({
  name: 'policies.lifecycle',
  permission: 'manage:policies',
  params: z.strictObject({ policyId: identifier, target: text(32), reason: text(1000) }),
  fence: 'fenced',

  async loadFacts({ tx, context }, { policyId }) {
    const policy = await tx
      .selectFrom('policies')
      .selectAll()
      .where('policy_id', '=', policyId)
      .forUpdate()
      .executeTakeFirst();
    return { policy, byOperator: context.tenantId === platformTenantId };
  },

  before: [
    {
      id: 'BI-POLICY-002',
      severity: 'HIGH',
      message: 'a policy of the system is suspended and retired by the operator only',
      holds: ({ params: { target }, facts: { policy, byOperator } }) =>
        byOperator || policy?.source !== 'SYSTEM' || target === 'ACTIVE',
    },
  ],

  async handle(work, { params: { policyId, target, reason }, facts: { policy } }) {
    if (policy === undefined) throw refusal('NOT_FOUND', 'there is no such policy');
    const from = policy.status as PolicyState;
    const to = requireTarget(from, target);
    const retirement = to === 'RETIRED' && {
      retirement_reason: reason,
      retired_by: work.context.actor.id,
      retired_at: new Date(),
    };
    await work.tx
      .updateTable('policies')
      .set((eb) => ({ status: to, updated_at: new Date(), version: eb('version', '+', 1), ...retirement }))
      .where('policy_id', '=', policyId)
      .execute();
    const auditEventId = work.audit({
      type: to === 'RETIRED' ? 'PolicyRuleRetired' : 'PolicyRuleModified',
      outcome: 'success',
      policyId,
      resource: { type: 'policy', id: policyId },
      evidence: { from, to, reason },
    });
    const { snapshotId } = await sealSnapshot(work);
    return { policyId, from, to, auditEventId, snapshotId };
  },
});

function requireTarget(from: PolicyState, target: string): PolicyState {
  if (!(policyStates as readonly string[]).includes(target)) {
    throw refusal('INVALID_TARGET_STATE', 'there is no such policy state', { details: { states: policyStates } });
  }
  const to = target as PolicyState;
  if ((policyTransitions[from] as readonly PolicyState[]).includes(to)) return to;
  throw refusal('INVALID_TRANSITION', `a policy does not go from ${from} to ${to}`, { details: { from, target: to } });
}
