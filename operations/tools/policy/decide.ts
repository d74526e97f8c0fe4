import type { SealedPolicies } from '../../../contracts/policies';
import {
  callableStatuses,
  type DefinitionState,
  type DenyReason,
  type ServerStatus,
  type ToolDecisionWord,
} from '../../../contracts/tools';
import { matchRules, matchShadow, rulesMsMax, type MatchedCall, type RuleMatch } from './match-rules';
import { OutOfTime } from './within-time';

/** What a decision rests on, read in the transaction that records it. */
export interface CallFacts {
  readonly isTenantActive: boolean;
  readonly server:
    | {
        readonly status: ServerStatus;
        readonly isEnabled: boolean;
        readonly requiresApproval: boolean;
        readonly defaultPolicyId: string | null;
      }
    | undefined;
  readonly tool:
    | {
        readonly isEnabled: boolean;
        readonly definitionState: DefinitionState;
        readonly isDangerous: boolean;
        readonly requiresExplicitAllow: boolean;
        readonly requiresPolicy: boolean;
        readonly policyId: string | null;
      }
    | undefined;
  readonly hasGrant: boolean;
  /** The caller's roles cover `execute:mcp:{server}:{tool}` and all that the tool asks for besides. */
  readonly isPermitted: boolean;
  /** The policies of the active snapshot; without one there is no policy engine. */
  readonly policies: SealedPolicies['policies'] | undefined;
}

export interface ToolDecision {
  readonly decision: ToolDecisionWord;
  readonly reason?: DenyReason;
  readonly policyId?: string;
  readonly message: string;
  /** People that must approve. */
  readonly approvers: number;
  /** What policies in WARN would have refused. */
  readonly warnings: readonly RuleMatch[];
  /** What policies in AUDIT would have said; it changed nothing. */
  readonly shadow: readonly RuleMatch[];
}

/** Decides a call but for its rate, which is asked for last since asking uses it up. First what is wrong wins. */
export function decideCall(facts: CallFacts, call: MatchedCall): ToolDecision {
  const state = stateRefusal(facts);
  if (state !== undefined) return refuse(state.reason, state.message);
  if (facts.policies === undefined) return refuse('policy_violation', 'No policy snapshot is active.');

  const shadow = matchShadow(facts.policies, call);
  const matches = matchesInTime(facts.policies, call);
  if (matches === undefined) {
    return { ...refuse('policy_violation', `The rules took more than ${rulesMsMax} ms.`), shadow };
  }
  const inForce = matches.filter(({ mode }) => mode === 'BLOCK');
  const warned = matches.filter(({ mode }) => mode === 'WARN');
  const notes = {
    warnings: warned.filter(({ effect }) => effect !== 'allow'),
    shadow,
  };
  const denied = inForce.find(({ effect }) => effect === 'deny');
  if (denied !== undefined) {
    return { ...refuse('policy_violation', tellDenial(denied)), policyId: denied.policyId, ...notes };
  }
  const allowed = allowingRule([...inForce, ...warned], facts);
  const byRule = inForce.filter(({ effect }) => effect === 'require_approval');
  const risk = byRisk(facts, call, allowed);
  if (risk.decision === 'deny') return { ...risk, ...notes };
  const [held] = byRule;
  const needsApproval = held !== undefined || risk.decision === 'require_approval';
  const policyId = held?.policyId ?? allowed?.policyId;
  return {
    decision: needsApproval ? 'require_approval' : 'allow',
    message: held?.message ?? (held === undefined ? risk.message : 'A policy asks for approval.'),
    approvers: needsApproval ? Math.max(1, ...byRule.map(({ approvers }) => approvers)) : 0,
    ...(policyId === undefined ? {} : { policyId }),
    ...notes,
  };
}

interface Refusal {
  readonly reason: DenyReason;
  readonly message: string;
}

function stateRefusal({ isTenantActive, server, tool, hasGrant, isPermitted }: CallFacts): Refusal | undefined {
  if (!isTenantActive) return { reason: 'tenant_blocked', message: 'The tenant is not active.' };
  if (server === undefined) return { reason: 'unknown_tool', message: 'There is no such server.' };
  if (!server.isEnabled || !callableStatuses.includes(server.status)) {
    return { reason: 'server_offline', message: `The server is ${server.isEnabled ? server.status : 'disabled'}.` };
  }
  if (tool === undefined || tool.definitionState === 'gone') {
    return { reason: 'unknown_tool', message: 'The server has no such tool.' };
  }
  if (!tool.isEnabled) return { reason: 'tool_disabled', message: 'The tool is disabled.' };
  if (tool.definitionState === 'changed') {
    return {
      reason: 'tool_definition_changed',
      message: 'The server changed the definition of the tool; an administrator has to approve it.',
    };
  }
  if ((tool.isDangerous || tool.requiresExplicitAllow) && !hasGrant) {
    return { reason: 'dangerous_tool_not_allowed', message: 'The tool needs an explicit grant, and has none.' };
  }
  if (!isPermitted) return { reason: 'policy_violation', message: 'The roles of the caller do not cover the tool.' };
  return undefined;
}

function matchesInTime(policies: SealedPolicies['policies'], call: MatchedCall): RuleMatch[] | undefined {
  try {
    return matchRules(policies, call);
  } catch (error) {
    if (error instanceof OutOfTime) return undefined;
    throw error;
  }
}

function allowingRule(matches: readonly RuleMatch[], { server, tool }: CallFacts): RuleMatch | undefined {
  const bound = tool?.policyId ?? server?.defaultPolicyId ?? undefined;
  return matches.find(({ effect, policyId }) => effect === 'allow' && (bound === undefined || policyId === bound));
}

function byRisk(facts: CallFacts, call: MatchedCall, allowed: RuleMatch | undefined): ToolDecision {
  const needsPolicy = call.risk === 'high' || (call.risk === 'medium' && facts.tool?.requiresPolicy !== false);
  if (needsPolicy && allowed === undefined) {
    return refuse('policy_violation', `A tool of ${call.risk} risk needs a policy that allows it.`);
  }
  if (call.risk === 'critical') return hold('A tool of critical risk needs approval.');
  if (facts.server?.requiresApproval === true) return hold('The server asks for approval of every call.');
  return { decision: 'allow', message: 'Allowed.', approvers: 0, warnings: [], shadow: [] };
}

export function refuse(reason: DenyReason, message: string): ToolDecision {
  return { decision: 'deny', reason, message, approvers: 0, warnings: [], shadow: [] };
}

function hold(message: string): ToolDecision {
  return { decision: 'require_approval', message, approvers: 1, warnings: [], shadow: [] };
}

function tellDenial({ message, failure }: RuleMatch): string {
  if (failure !== undefined) return `A rule could not be evaluated: ${failure}`;
  return message ?? 'A policy denies the call.';
}
