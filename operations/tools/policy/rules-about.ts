import type { SealedPolicies } from '../../../contracts/policies';
import type { ToolRule } from '../../../contracts/tool-rules';
import type { RiskLevel } from '../../../contracts/tools';

export type SealedPolicy = SealedPolicies['policies'][number];

export interface NamedCall {
  readonly tool: string;
  readonly server: string;
  readonly risk: RiskLevel;
}

export interface PlacedRule {
  readonly policy: SealedPolicy;
  readonly rule: ToolRule;
}

/** The rules that name the tool, in the order of policies and rules. */
export interface RulesAbout {
  /** Of policies in BLOCK and WARN. */
  readonly deciding: readonly PlacedRule[];
  /** Of policies in AUDIT that have any. */
  readonly shadow: readonly { readonly policy: SealedPolicy; readonly rules: readonly PlacedRule[] }[];
}

// A snapshot never changes, and a tool is called again and again.
const known = new WeakMap<readonly SealedPolicy[], Map<string, RulesAbout>>();
const knownMax = 500;

/** The rules of the policies that name the call, whatever its arguments. The policies must not be changed afterwards. */
export function rulesAbout(policies: readonly SealedPolicy[], call: NamedCall): RulesAbout {
  let ofSnapshot = known.get(policies);
  if (ofSnapshot === undefined) known.set(policies, (ofSnapshot = new Map()));
  const key = JSON.stringify([call.server, call.tool, call.risk]);
  const found = ofSnapshot.get(key);
  if (found !== undefined) return found;
  if (ofSnapshot.size >= knownMax) ofSnapshot.delete(ofSnapshot.keys().next().value ?? key);
  const rules = findRules(policies, call);
  ofSnapshot.set(key, rules);
  return rules;
}

function findRules(policies: readonly SealedPolicy[], call: NamedCall): RulesAbout {
  const named = policies.map((policy) => ({
    policy,
    rules: (policy.conditions.tool_rules ?? []).filter((rule) => isAbout(rule, call)).map((rule) => ({ policy, rule })),
  }));
  return {
    deciding: named
      .filter(({ policy: { enforcement_mode: mode } }) => mode === 'BLOCK' || mode === 'WARN')
      .flatMap(({ rules }) => rules),
    shadow: named.filter(({ policy, rules }) => policy.enforcement_mode === 'AUDIT' && rules.length > 0),
  };
}

function isAbout({ servers, tools, risks }: ToolRule, call: NamedCall): boolean {
  return isNamed(servers, call.server) && isNamed(tools, call.tool) && (risks?.includes(call.risk) ?? true);
}

/** Whether a name is among names and beginnings of names. */
export function isNamed(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name));
}
