import { isPermitted, type Permission, type Role } from '../../../contracts/roles';
import type { ToolArguments } from '../../../contracts/tool-call-schemas';
import type { DefinitionState, RiskLevel, ServerStatus } from '../../../contracts/tools';
import type { Work } from '../../define';
import { bindingsOf } from '../policy/expression-bindings';
import { decideCall, type CallFacts, type ToolDecision } from '../policy/decide';
import { redactionsOf, type Redactions } from '../redaction/redactions';
import type { CalledTool } from './called-tool';

/** What of the tool's arguments and results is not stored by now. */
export function redactionsFor({ policies, server_name: server, tool_name: tool }: CalledTool): Redactions {
  return redactionsOf(policies, { server, tool });
}

export interface CallArguments {
  readonly value: ToolArguments;
  /** RFC 8785: what is hashed, and whose bytes are counted. */
  readonly canonical: string;
}

/** Whoever calls, with the roles of the moment, and when. */
export interface CallingActor {
  readonly id: string;
  readonly type: string;
  readonly roles: readonly Role[];
  readonly at: Date;
}

/** Decides but for the rate. Whoever calls is who the transaction's context says, with the roles of this moment. */
export function decide({ context: { actor }, roles }: Work, tool: CalledTool, args: CallArguments): ToolDecision {
  return decideFor({ id: actor.id, type: actor.type, roles, at: new Date() }, tool, args);
}

export function decideFor({ id, type, roles, at }: CallingActor, tool: CalledTool, args: CallArguments): ToolDecision {
  const risk = tool.risk_level as RiskLevel;
  const wanted: readonly string[] = [
    `execute:mcp:${tool.server_name}:${tool.tool_name}`,
    ...(tool.required_permissions as string[]),
  ];
  const facts: CallFacts = {
    // A suspended tenant is refused before any operation's facts are read.
    isTenantActive: true,
    server: {
      status: tool.server_status as ServerStatus,
      isEnabled: tool.server_enabled,
      requiresApproval: tool.requires_approval,
      defaultPolicyId: tool.default_policy_id,
    },
    tool: {
      isEnabled: tool.tool_enabled,
      definitionState: tool.definition_state as DefinitionState,
      isDangerous: tool.is_dangerous,
      requiresExplicitAllow: tool.requires_explicit_allow,
      requiresPolicy: tool.requires_policy,
      policyId: tool.policy_id,
    },
    hasGrant: tool.has_grant,
    isPermitted: wanted.every((permission) => isPermitted(roles, permission as Permission)),
    policies: tool.policies,
  };
  const bindings = bindingsOf({
    args: args.value,
    tool: tool.tool_name,
    server: tool.server_name,
    caller: { id, type, roles: [...roles] },
    risk,
    now: at,
  });
  const argumentBytes = Buffer.byteLength(args.canonical);
  return decideCall(facts, { tool: tool.tool_name, server: tool.server_name, risk, bindings, argumentBytes });
}
