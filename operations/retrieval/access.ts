import { sensitivityLevels, type SensitivityLevel } from '../../contracts/knowledge';
import type { PolicyConditions, SealedPolicies } from '../../contracts/policies';

export interface PlaneView {
  readonly planeId: string;
  readonly sensitivityLevel: SensitivityLevel | null;
}

export type AccessDecision =
  | { readonly allowed: true; readonly policyIds: readonly string[]; readonly redact: boolean }
  | { readonly allowed: false; readonly reason: string };

const redactAtDefault: SensitivityLevel = 'confidential';
// An unclassified plane is treated as the highest level.
const levelWhenUnknown: SensitivityLevel = 'restricted';

/**
 * Deny by default. The lists of the active policies are united; several lists inside one policy intersect. A
 * restricted plane must be listed by id in a policy that is bound to it, and `*` does not reach it.
 */
export function decideAccess(sealed: SealedPolicies, plane: PlaneView): AccessDecision {
  const counting = sealed.policies.filter(({ enforcement_mode }) => enforcement_mode !== 'DISABLED');
  const bound = new Set(
    sealed.bindings.filter(({ plane_id }) => plane_id === plane.planeId).map(({ policy_id }) => policy_id),
  );
  const isRestricted = (plane.sensitivityLevel ?? levelWhenUnknown) === 'restricted';
  const opening = counting.filter(({ policy_id, conditions }) =>
    isRestricted ? bound.has(policy_id) && listsById(conditions, plane.planeId) : lists(conditions, plane.planeId),
  );
  if (opening.length === 0) {
    return {
      allowed: false,
      reason: isRestricted
        ? 'the plane is restricted: a policy bound to it must list it by id'
        : 'no active policy lists this plane',
    };
  }
  const applying = counting.filter((policy) => opening.includes(policy) || bound.has(policy.policy_id));
  return {
    allowed: true,
    policyIds: opening.map(({ policy_id }) => policy_id),
    redact: isRedacted(
      applying.map(({ conditions }) => conditions),
      plane.sensitivityLevel,
    ),
  };
}

function listsOf(conditions: PolicyConditions): readonly (readonly string[])[] {
  return [
    conditions.allowed_plane_ids,
    conditions.allowed_rag_sources,
    conditions.allowed_knowledge_planes,
    conditions.knowledge_access?.allowed_planes,
  ].filter((list) => list !== undefined);
}

function lists(conditions: PolicyConditions, planeId: string): boolean {
  const present = listsOf(conditions);
  return present.length > 0 && present.every((list) => list.includes('*') || list.includes(planeId));
}

function listsById(conditions: PolicyConditions, planeId: string): boolean {
  const present = listsOf(conditions);
  return present.length > 0 && present.every((list) => list.includes(planeId));
}

function isRedacted(conditions: readonly PolicyConditions[], level: SensitivityLevel | null): boolean {
  const levels = conditions.map(({ redact_at }) => sensitivityLevels.indexOf(redact_at ?? redactAtDefault));
  return sensitivityLevels.indexOf(level ?? levelWhenUnknown) >= Math.min(...levels);
}
