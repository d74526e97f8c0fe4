import type { SealedPolicies } from '../../../contracts/policies';
import type { ToolRule } from '../../../contracts/tool-rules';
import type { RiskLevel, ToolDecisionWord } from '../../../contracts/tools';
import { compileExpression, type ExpressionBindings } from './expression';

type SealedPolicy = SealedPolicies['policies'][number];

export interface RuleMatch {
  readonly policyId: string;
  readonly mode: SealedPolicy['enforcement_mode'];
  readonly effect: ToolDecisionWord;
  readonly approvers: number;
  readonly message?: string;
  /** Why the rule could not be evaluated; it then denies. */
  readonly failure?: string;
}

export interface MatchedCall {
  readonly tool: string;
  readonly server: string;
  readonly risk: RiskLevel;
  readonly bindings: ExpressionBindings;
  /** Bytes of the arguments in canonical JSON. */
  readonly argumentBytes: number;
}

// A rule may loop over the arguments, at most sixty parts for each item.
const loopedBytesMax = 64 * 1024;

/** The rules of the policies in force that match a call, in the order of policies and rules. */
export function matchRules(policies: readonly SealedPolicy[], call: MatchedCall): RuleMatch[] {
  return policies
    .filter(({ enforcement_mode: mode }) => mode !== 'DISABLED')
    .flatMap((policy) => (policy.conditions.tool_rules ?? []).flatMap((rule) => matchRule(policy, rule, call)));
}

function matchRule(policy: SealedPolicy, rule: ToolRule, call: MatchedCall): RuleMatch[] {
  if (!isNamed(rule.servers, call.server) || !isNamed(rule.tools, call.tool)) return [];
  if (rule.risks !== undefined && !rule.risks.includes(call.risk)) return [];
  const match = {
    policyId: policy.policy_id,
    mode: policy.enforcement_mode,
    approvers: rule.approvers,
    ...(rule.message === undefined ? {} : { message: rule.message }),
  };
  if (rule.when === undefined) return [{ ...match, effect: rule.effect }];
  try {
    const expression = compileExpression(rule.when);
    if (expression.isLooping && call.argumentBytes > loopedBytesMax)
      return [
        { ...match, effect: 'deny', failure: 'the arguments are longer than 64 KiB and the rule loops over them' },
      ];
    return expression.evaluate(call.bindings) ? [{ ...match, effect: rule.effect }] : [];
  } catch (error) {
    return [{ ...match, effect: 'deny', failure: error instanceof Error ? error.message : String(error) }];
  }
}

function isNamed(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name));
}
