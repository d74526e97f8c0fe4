import type { ToolRule } from '../../../contracts/tool-rules';
import type { ToolDecisionWord } from '../../../contracts/tools';
import { compileExpression } from './expression';
import type { ExpressionBindings } from './expression-bindings';
import { rulesAbout, type NamedCall, type PlacedRule, type SealedPolicy } from './rules-about';
import { OutOfTime, withinTime } from './within-time';

export interface RuleMatch {
  readonly policyId: string;
  readonly mode: SealedPolicy['enforcement_mode'];
  readonly effect: ToolDecisionWord;
  readonly approvers: number;
  readonly message?: string;
  /** Why the rule could not be evaluated; it then denies. */
  readonly failure?: string;
}

export interface MatchedCall extends NamedCall {
  readonly bindings: ExpressionBindings;
  /** Bytes of the arguments in canonical JSON. */
  readonly argumentBytes: number;
}

// A rule may loop over the arguments, at most sixty parts for each item.
const loopedBytesMax = 64 * 1024;
// A part of a rule may itself go through a list or a text, so that size alone does not bound its time.
export const rulesMsMax = 1_000;
/** What policies in AUDIT may take of a call's time, all together. */
export const shadowMsMax = 250;
// A watch costs more than ten rules. Over so little no rule takes longer than all of them may.
const unwatchedBytesMax = 1024;

/**
 * The rules of the policies in force that match a call, in the order of policies and rules; after the first in BLOCK that
 * denies, those in WARN only. Throws `OutOfTime` when they take too long all together.
 */
export function matchRules(policies: readonly SealedPolicy[], call: MatchedCall): RuleMatch[] {
  return matchWithin(rulesAbout(policies, call).deciding, call, rulesMsMax);
}

/** What policies in AUDIT would say. One that takes too long has failed, like one that cannot be evaluated. */
export function matchShadow(policies: readonly SealedPolicy[], call: MatchedCall): RuleMatch[] {
  let left = shadowMsMax;
  return rulesAbout(policies, call).shadow.flatMap(({ policy, rules }) => {
    const began = performance.now();
    try {
      const found = matchWithin(rules, call, left);
      left = Math.max(0, Math.ceil(left - (performance.now() - began)));
      return found;
    } catch (error) {
      if (!(error instanceof OutOfTime)) throw error;
      left = 0;
      return [failedMatch(policy, `rules in AUDIT took more than ${shadowMsMax} ms`)];
    }
  });
}

function matchWithin(rules: readonly PlacedRule[], call: MatchedCall, timeoutMs: number): RuleMatch[] {
  if (rules.length === 0) return [];
  if (timeoutMs <= 0) throw tooLong(timeoutMs);
  const match = () => matchAll(rules, call, timeoutMs);
  return call.argumentBytes > unwatchedBytesMax ? withinTime(match, timeoutMs) : match();
}

function matchAll(rules: readonly PlacedRule[], call: MatchedCall, timeoutMs: number): RuleMatch[] {
  const until = performance.now() + timeoutMs;
  const found: RuleMatch[] = [];
  let isDenied = false;
  for (const { policy, rule } of rules) {
    const isBlocking = policy.enforcement_mode === 'BLOCK';
    // What is denied stays denied, and the first denial is told.
    if (isDenied && isBlocking) continue;
    if (performance.now() > until) throw tooLong(timeoutMs);
    const match = matchRule(policy, rule, call);
    if (match === undefined) continue;
    found.push(match);
    if (isBlocking && match.effect === 'deny') isDenied = true;
  }
  return found;
}

function tooLong(timeoutMs: number): OutOfTime {
  return new OutOfTime(`took more than ${timeoutMs} ms`);
}

function failedMatch({ policy_id: policyId, enforcement_mode: mode }: SealedPolicy, failure: string): RuleMatch {
  return { policyId, mode, approvers: 1, effect: 'deny', failure };
}

/** Whether a rule about the call looks at its arguments. */
export function readsArguments(policies: readonly SealedPolicy[], call: NamedCall): boolean {
  const { deciding, shadow } = rulesAbout(policies, call);
  const rules = [...deciding, ...shadow.flatMap((each) => each.rules)];
  return rules.some(({ rule: { when = '' } }) => /\bargs\b/.test(when));
}

function matchRule(policy: SealedPolicy, rule: ToolRule, call: MatchedCall): RuleMatch | undefined {
  if (rule.when === undefined) return matchOf(policy, rule);
  try {
    const expression = compileExpression(rule.when);
    if (expression.isLooping && call.argumentBytes > loopedBytesMax) {
      return failedOf(policy, rule, 'the arguments are longer than 64 KiB and the rule loops over them');
    }
    return expression.evaluate(call.bindings) ? matchOf(policy, rule) : undefined;
  } catch (error) {
    return failedOf(policy, rule, error instanceof Error ? error.message : String(error));
  }
}

function matchOf(policy: SealedPolicy, { effect, approvers, message }: ToolRule): RuleMatch {
  const { policy_id: policyId, enforcement_mode: mode } = policy;
  return { policyId, mode, effect, approvers, ...(message !== undefined && { message }) };
}

function failedOf(policy: SealedPolicy, rule: ToolRule, failure: string): RuleMatch {
  return { ...matchOf(policy, rule), effect: 'deny', failure };
}
