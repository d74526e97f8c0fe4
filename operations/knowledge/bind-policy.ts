import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { bindStates } from '../../contracts/knowledge';
import { PlaneId } from '../../contracts/knowledge-schemas';
import { identifier } from '../../contracts/text';
import { defineOperation, type Bound, type Work } from '../define';
import { sealSnapshot } from '../policies/snapshot';
import { boundActivePolicies } from './bindings';
import { lockPlane, stateOf, type PlaneRow } from './rows';

const BindParams = z.strictObject({ planeId: PlaneId, policyId: identifier });

/** Binds an ACTIVE policy to the plane and seals a new snapshot. Binding it twice changes nothing. */
export const bindPolicy = defineOperation({
  name: 'knowledge.planes.bind_policy',
  permission: 'manage:policies',
  params: BindParams,
  fence: 'fenced',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  loadFacts: loadBindFacts,

  async handle(work, { params: { planeId, policyId }, facts: { plane, policy, isBound } }) {
    requireBindState(plane, 'BIND_FAILED');
    if (policy === undefined) throw policyNotFound();
    if (policy.status !== 'ACTIVE') {
      throw refusal('BIND_FAILED', `the policy is ${policy.status}; activate it before it is bound`);
    }
    if (!isBound) {
      await work.tx
        .insertInto('plane_policy_bindings')
        .values({
          plane_id: planeId,
          policy_id: policyId,
          tenant_id: work.context.tenantId,
          bound_by: work.context.actor.id,
        })
        .execute();
    }
    return finish(work, { planeId, policyId, bound: true, changed: !isBound });
  },
});

/** Ends the binding and seals a new snapshot. An ACTIVE plane keeps its last policy. */
export const unbindPolicy = defineOperation({
  name: 'knowledge.planes.unbind_policy',
  permission: 'manage:policies',
  params: BindParams,
  fence: 'fenced',
  scopes: ({ params }) => [{ type: 'plane', id: params.planeId }],
  loadFacts: loadBindFacts,

  before: [
    {
      id: 'LIFECYCLE-004',
      severity: 'CRITICAL',
      reason: 'UNBIND_FAILED',
      message: 'an active plane needs a bound policy; bind another one first',
      holds: ({ facts: { plane, isBound, others } }) => !isBound || stateOf(plane) !== 'ACTIVE' || others.length > 0,
    },
  ],

  async handle(work, { params: { planeId, policyId }, facts: { plane, policy, isBound } }) {
    if (policy === undefined) throw policyNotFound();
    if (!isBound) throw refusal('UNBIND_FAILED', 'the policy is not bound to this plane');
    requireBindState(plane, 'UNBIND_FAILED');
    await work.tx
      .updateTable('plane_policy_bindings')
      .set({ unbound_by: work.context.actor.id, unbound_at: new Date() })
      .where('plane_id', '=', planeId)
      .where('policy_id', '=', policyId)
      .where('unbound_at', 'is', null)
      .execute();
    return finish(work, { planeId, policyId, bound: false, changed: true });
  },
});

async function loadBindFacts(bound: Bound, { planeId, policyId }: z.infer<typeof BindParams>) {
  const plane = await lockPlane(bound, planeId);
  const policy = await bound.tx
    .selectFrom('policies')
    .select(['policy_id', 'status'])
    .where('policy_id', '=', policyId)
    .forShare()
    .executeTakeFirst();
  const open = await bound.tx
    .selectFrom('plane_policy_bindings')
    .select('id')
    .where('plane_id', '=', planeId)
    .where('policy_id', '=', policyId)
    .where('unbound_at', 'is', null)
    .executeTakeFirst();
  const others = (await boundActivePolicies(bound, planeId)).filter((id) => id !== policyId);
  return { plane, policy, isBound: open !== undefined, others };
}

function requireBindState(plane: PlaneRow, reason: 'BIND_FAILED' | 'UNBIND_FAILED'): void {
  const state = stateOf(plane);
  if (bindStates.includes(state)) return;
  throw refusal(reason, `policies are bound and unbound in ${bindStates.join(' and ')}; the plane is ${state}`, {
    details: { state },
  });
}

function policyNotFound() {
  return refusal('NOT_FOUND', 'there is no such policy');
}

interface Change {
  readonly planeId: string;
  readonly policyId: string;
  readonly bound: boolean;
  readonly changed: boolean;
}

async function finish(work: Work, { planeId, policyId, bound, changed }: Change) {
  const auditEventId = work.audit({
    type: 'PolicyScopeBound',
    outcome: changed ? 'success' : 'skipped',
    planeId,
    policyId,
    resource: { type: 'plane', id: planeId },
    evidence: { bound },
  });
  const snapshotId = changed ? (await sealSnapshot(work)).snapshotId : null;
  return { planeId, policyId, auditEventId, snapshotId };
}
