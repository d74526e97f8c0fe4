// How long a decision about a tool call takes, by itself: npx tsx bench/tool-policy.ts
import type { SealedPolicies } from '../contracts/policies';
import { ToolRule } from '../contracts/tool-rules';
import { decideCall, type CallFacts } from '../operations/tools/policy/decide';
import { bindingsOf } from '../operations/tools/policy/expression-bindings';
import type { MatchedCall } from '../operations/tools/policy/match-rules';
import { report } from './support/report';
import { quantile } from './support/statistics';

const decisions = 20_000;
const warmUp = 5_000;
const limitMs = 0.2;

const expressions = [
  'args.amount > 1000000.0',
  "args.account.startsWith('internal-')",
  "args.tags.exists(tag, tag == 'frozen')",
  "caller.type == 'human' && risk == 'critical'",
  "has(args.override) && args.override == 'yes'",
];
const args = { amount: 250, account: 'public-17', tags: ['a', 'b', 'c'], memo: 'rent' };
const bindings = bindingsOf({
  args,
  tool: 'transfer',
  server: 'bank',
  caller: { id: 'key_1', type: 'machine', roles: ['agent'] },
  risk: 'high',
  now: new Date(),
});
const call: MatchedCall = { tool: 'transfer', server: 'bank', risk: 'high', bindings, argumentBytes: 90 };

/** A hundred rules in ten policies; all but the first are evaluated and deny nothing, so that none is skipped. */
function policiesOf(isFor: (at: number) => string): SealedPolicies['policies'] {
  const rules = Array.from({ length: 100 }, (_, at) =>
    ToolRule.parse(
      at === 0
        ? { effect: 'allow', tools: ['transfer'] }
        : { effect: 'deny', servers: [isFor(at)], when: expressions[at % expressions.length] },
    ),
  );
  return Array.from({ length: 10 }, (_, at) => ({
    policy_id: `pol_${at}`,
    name: `policy ${at}`,
    enforcement_mode: 'BLOCK',
    conditions: { tool_rules: rules.slice(at * 10, at * 10 + 10) },
  }));
}

function measure(cell: string, policies: SealedPolicies['policies'], goalMs?: number): void {
  const facts: CallFacts = {
    isTenantActive: true,
    server: { status: 'active', isEnabled: true, requiresApproval: false, defaultPolicyId: null },
    tool: {
      isEnabled: true,
      definitionState: 'pinned',
      isDangerous: false,
      requiresExplicitAllow: false,
      requiresPolicy: true,
      policyId: null,
    },
    hasGrant: false,
    isPermitted: true,
    policies,
  };
  const times: number[] = [];
  for (let at = 0; at < warmUp + decisions; at += 1) {
    const began = performance.now();
    const { decision } = decideCall(facts, call);
    const took = performance.now() - began;
    if (decision !== 'allow') throw new Error(`the call was decided ${decision}`);
    if (at >= warmUp) times.push(took);
  }
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
  report({
    bench: 'tool-policy',
    cell,
    ok: goalMs === undefined || p99 <= goalMs,
    p50_ms: p50,
    p99_ms: p99,
    goal_ms: goalMs,
  });
}

const allowing = { policy_id: 'pol_a', name: 'a', enforcement_mode: 'BLOCK' as const };
measure('no expression', [{ ...allowing, conditions: { tool_rules: [ToolRule.parse({ effect: 'allow' })] } }]);
measure(
  '100 rules, 10 of them for this server',
  policiesOf((at) => (at % 10 === 0 ? 'bank' : `other-${at}`)),
  limitMs,
);
measure(
  '100 rules, all for this server',
  policiesOf(() => '*'),
  limitMs,
);
