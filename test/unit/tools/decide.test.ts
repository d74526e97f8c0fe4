import type { SealedPolicies } from '../../../contracts/policies';
import { ToolRule } from '../../../contracts/tool-rules';
import type { DenyReason } from '../../../contracts/tools';
import { decideCall, type CallFacts } from '../../../operations/tools/policy/decide';
import { bindingsOf } from '../../../operations/tools/policy/expression-bindings';
import type { MatchedCall } from '../../../operations/tools/policy/match-rules';

const server = { status: 'active', isEnabled: true, requiresApproval: false, defaultPolicyId: null } as const;
const tool = {
  isEnabled: true,
  definitionState: 'pinned',
  isDangerous: false,
  requiresExplicitAllow: false,
  requiresPolicy: true,
  policyId: null,
} as const;
const open: CallFacts = { isTenantActive: true, server, tool, hasGrant: false, isPermitted: true, policies: [] };

type Risk = MatchedCall['risk'];
type Mode = SealedPolicies['policies'][number]['enforcement_mode'];

function callOf(risk: Risk = 'low', args: Record<string, unknown> = {}): MatchedCall {
  const caller = { id: 'key_1', roles: ['agent'] };
  const bindings = bindingsOf({ args, tool: 'transfer', server: 'bank', caller, risk, now: new Date(0) });
  return { tool: 'transfer', server: 'bank', risk, bindings, argumentBytes: JSON.stringify(args).length };
}

function policyOf(id: string, rules: readonly unknown[], mode: Mode = 'BLOCK'): SealedPolicies['policies'][number] {
  const tool_rules = rules.map((rule) => ToolRule.parse(rule));
  return { policy_id: id, name: id, enforcement_mode: mode, conditions: { tool_rules } };
}

function decideWith(risk: Risk, policies: SealedPolicies['policies'], facts: Partial<CallFacts> = {}, args = {}) {
  return decideCall({ ...open, policies, ...facts }, callOf(risk, args));
}

describe('state before policy', () => {
  it.each<[string, Partial<CallFacts>, DenyReason]>([
    ['a tenant that is not active', { isTenantActive: false, server: undefined }, 'tenant_blocked'],
    ['no server', { server: undefined }, 'unknown_tool'],
    ['a server that is offline', { server: { ...server, status: 'offline' } }, 'server_offline'],
    ['a server that is suspended', { server: { ...server, status: 'suspended' } }, 'server_offline'],
    ['a server that is pending', { server: { ...server, status: 'pending' } }, 'server_offline'],
    ['a server that is off', { server: { ...server, isEnabled: false } }, 'server_offline'],
    ['no tool', { tool: undefined }, 'unknown_tool'],
    ['a tool that is gone', { tool: { ...tool, definitionState: 'gone' } }, 'unknown_tool'],
    ['a tool that is off', { tool: { ...tool, isEnabled: false } }, 'tool_disabled'],
    ['another definition', { tool: { ...tool, definitionState: 'changed' } }, 'tool_definition_changed'],
    ['danger without a grant', { tool: { ...tool, isDangerous: true } }, 'dangerous_tool_not_allowed'],
    ['a tool that asks for a grant', { tool: { ...tool, requiresExplicitAllow: true } }, 'dangerous_tool_not_allowed'],
    ['roles that do not cover it', { isPermitted: false }, 'policy_violation'],
    ['no snapshot', { policies: undefined }, 'policy_violation'],
  ])('%s refuses', (_, facts, reason) => {
    const allowing = [policyOf('p', [{ effect: 'allow' }])];
    expect(decideCall({ ...open, policies: allowing, ...facts }, callOf())).toMatchObject({ decision: 'deny', reason });
  });

  it('lets a degraded server and a granted tool pass', () => {
    const facts = { server: { ...server, status: 'degraded' as const }, tool: { ...tool, isDangerous: true } };
    expect(decideCall({ ...open, ...facts, hasGrant: true }, callOf()).decision).toBe('allow');
  });
});

describe('the matrix of risks', () => {
  const allowing = [policyOf('p', [{ effect: 'allow', servers: ['ba*'], tools: ['transfer'] }])];

  it.each<[Risk, boolean, string]>([
    ['low', false, 'allow'],
    ['medium', false, 'deny'],
    ['medium', true, 'allow'],
    ['high', false, 'deny'],
    ['high', true, 'allow'],
    ['critical', false, 'require_approval'],
    ['critical', true, 'require_approval'],
  ])('%s, with a policy: %s → %s', (risk, hasPolicy, decision) => {
    expect(decideWith(risk, hasPolicy ? allowing : []).decision).toBe(decision);
  });

  it('takes the allowance from the bound policy only', () => {
    const bound = { tool: { ...tool, policyId: 'other' } };
    expect(decideWith('high', allowing, bound).decision).toBe('deny');
    const both = [...allowing, policyOf('other', [{ effect: 'allow' }])];
    expect(decideWith('high', both, bound)).toMatchObject({ decision: 'allow', policyId: 'other' });
    const byServer = { server: { ...server, defaultPolicyId: 'other' } };
    expect(decideWith('high', allowing, byServer).decision).toBe('deny');
  });

  it('asks for approval wherever the server does', () => {
    expect(decideWith('low', [], { server: { ...server, requiresApproval: true } }).decision).toBe('require_approval');
  });

  it('lets a medium tool that needs no policy pass, and no high one', () => {
    const free = { tool: { ...tool, requiresPolicy: false } };
    expect(decideWith('medium', [], free).decision).toBe('allow');
    expect(decideWith('high', [], free).decision).toBe('deny');
  });
});

describe('rules', () => {
  it('are those of the call, whatever was asked of the same policies before', () => {
    const denying = [{ effect: 'deny', tools: ['transfer'], servers: ['bank'], risks: ['high'] }];
    const policies = [policyOf('p', [{ effect: 'allow' }, ...denying])];
    const decisionOf = (named: Partial<MatchedCall>) =>
      decideCall({ ...open, policies }, { ...callOf('high'), ...named }).decision;
    const asked = [
      {},
      { tool: 'other' },
      {},
      { server: 'other' },
      { risk: 'low' },
      { server: 'ban', tool: 'ktransfer' },
    ] as const;
    expect(asked.map(decisionOf)).toEqual(['deny', 'allow', 'deny', 'allow', 'allow', 'allow']);
  });

  const limit = { effect: 'deny', when: 'args.amount > 100', message: 'Too much.' };

  it('deny by arguments, whatever else allows', () => {
    const policies = [policyOf('a', [{ effect: 'allow' }]), policyOf('b', [limit])];
    expect(decideWith('high', policies, {}, { amount: 50 })).toMatchObject({ decision: 'allow', policyId: 'a' });
    expect(decideWith('high', policies, {}, { amount: 500 })).toMatchObject({
      decision: 'deny',
      reason: 'policy_violation',
      policyId: 'b',
      message: 'Too much.',
    });
  });

  it('deny when they cannot be evaluated', () => {
    expect(decideWith('low', [policyOf('b', [limit])])).toMatchObject({ decision: 'deny', policyId: 'b' });
    const looping = policyOf('c', [{ effect: 'allow', when: 'args.list.all(one, one != 1.0)' }]);
    const long = { list: Array.from({ length: 40_000 }, () => 2) };
    expect(decideWith('high', [looping], {}, long).message).toContain('64 KiB');
  });

  // Each looks through the list for each item of it, and the bound of what is looped over is not reached.
  const search = Array.from({ length: 5 }, (_, at) => `(one + 0.${at + 1}) in args.list`).join(' || ');
  const slow = { effect: 'deny', when: `args.list.exists(one, ${search})` };
  const slowPolicy = (mode: Mode, rules: number) =>
    policyOf(
      'slow',
      Array.from({ length: rules }, () => slow),
      mode,
    );

  it.each<[string, Mode, number, number]>([
    ['one', 'BLOCK', 1, 30_000],
    ['one that only warns', 'WARN', 1, 30_000],
    ['many over little', 'BLOCK', 100, 400],
  ])('deny when they take too long: %s', (_, mode, rules, items) => {
    const policies = [slowPolicy(mode, rules)];
    const list = Array.from({ length: items }, () => 2);
    expect(decideWith('low', policies, {}, { list })).toMatchObject({
      decision: 'deny',
      reason: 'policy_violation',
      message: 'The rules took more than 1000 ms.',
    });
  });

  it('are not looked at in BLOCK once one denies, and still warn', () => {
    const denying = policyOf('first', [{ effect: 'deny', message: 'No.' }]);
    const policies = [denying, slowPolicy('BLOCK', 100), policyOf('w', [limit], 'WARN')];
    const list = Array.from({ length: 400 }, () => 2);
    expect(decideWith('low', policies, {}, { list, amount: 500 })).toMatchObject({
      ...{ decision: 'deny', policyId: 'first', message: 'No.' },
      warnings: [{ policyId: 'w', effect: 'deny' }],
    });
    const warning = policyOf('w', [{ effect: 'deny' }, limit], 'WARN');
    expect(decideWith('low', [warning, denying], {}, { amount: 500 }).warnings).toHaveLength(2);
  });

  it.each([
    [1, 30_000],
    [100, 400],
  ])('never deny in AUDIT, and are seen to fail: %s that take too long', (rules, items) => {
    const list = Array.from({ length: items }, () => 2);
    const policies = [slowPolicy('AUDIT', rules), policyOf('after', [{ effect: 'deny' }], 'AUDIT')];
    expect(decideWith('low', policies, {}, { list })).toMatchObject({
      decision: 'allow',
      shadow: [
        { policyId: 'slow', effect: 'deny', failure: 'rules in AUDIT took more than 250 ms' },
        { policyId: 'after', effect: 'deny', failure: 'rules in AUDIT took more than 250 ms' },
      ],
    });
    const denying = [...policies, policyOf('b', [{ effect: 'deny' }])];
    expect(decideWith('low', denying, {}, { list })).toMatchObject({
      policyId: 'b',
      shadow: [{ policyId: 'slow' }, {}],
    });
  });

  it('are seen to fail in AUDIT where they cannot be evaluated, and refuse nothing', () => {
    expect(decideWith('low', [policyOf('s', [limit], 'AUDIT')])).toMatchObject({
      decision: 'allow',
      shadow: [{ policyId: 's', effect: 'deny', failure: expect.stringContaining('amount') }],
    });
  });

  it('hold a call for as many people as the strictest asks', () => {
    const policies = [
      policyOf('a', [{ effect: 'require_approval', message: 'Ask.' }]),
      policyOf('b', [{ effect: 'require_approval', approvers: 2 }]),
    ];
    expect(decideWith('low', policies)).toMatchObject({ decision: 'require_approval', approvers: 2, message: 'Ask.' });
  });

  it('only warn in WARN, only tell in AUDIT, and count for nothing in DISABLED', () => {
    expect(decideWith('low', [policyOf('w', [{ effect: 'deny' }], 'WARN')])).toMatchObject({
      decision: 'allow',
      warnings: [{ policyId: 'w', effect: 'deny' }],
    });
    expect(decideWith('low', [policyOf('s', [{ effect: 'deny' }], 'AUDIT')])).toMatchObject({
      decision: 'allow',
      warnings: [],
      shadow: [{ policyId: 's', effect: 'deny' }],
    });
    expect(decideWith('low', [policyOf('d', [{ effect: 'deny' }], 'DISABLED')]).shadow).toEqual([]);
    expect(decideWith('high', [policyOf('s', [{ effect: 'allow' }], 'AUDIT')]).decision).toBe('deny');
  });

  it('look at names, beginnings and risks', () => {
    const elsewhere = policyOf('e', [
      { effect: 'deny', servers: ['other'] },
      { effect: 'deny', tools: ['transf'] },
      { effect: 'deny', risks: ['critical'] },
      { effect: 'deny', when: "!('agent' in caller.roles)" },
    ]);
    expect(decideWith('low', [elsewhere]).decision).toBe('allow');
    expect(decideWith('low', [policyOf('e', [{ effect: 'deny', tools: ['transf*'] }])]).decision).toBe('deny');
  });
});
