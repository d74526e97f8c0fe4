import { refusal, type EngineError } from '../../../contracts/errors';
import { isPermitted } from '../../../contracts/roles';
import type { ReadRequest } from '../../../contracts/server-reads';
import type { ServerStatus } from '../../../contracts/tools';
import type { Work } from '../../define';
import { canonicalJson } from '../../transaction/canonical';
import { denial, withNotes } from '../calls/denial';
import { bindingsOf } from '../policy/expression-bindings';
import { decideCall, type ToolDecision } from '../policy/decide';
import { redactionsOf, type Redactions } from '../redaction/redactions';
import type { AskedServer } from './read-facts';

/**
 * Decides a read as a call of a tool that is called by the method: the same states, roles and rules, in the same order. A
 * read has no workflow in which it could wait for people, so what would be held is refused.
 */
export function decideRead({ context, roles }: Work, server: AskedServer, request: ReadRequest): ToolDecision {
  const { method, params } = request;
  const tool = method;
  const { actor } = context;
  const facts = {
    // A suspended tenant is refused before any operation's facts are read.
    isTenantActive: true,
    server: {
      status: server.status as ServerStatus,
      isEnabled: server.enabled,
      requiresApproval: server.requires_approval,
      defaultPolicyId: server.default_policy_id,
    },
    tool: server.isListed ? asTool : undefined,
    hasGrant: false,
    isPermitted: isPermitted(roles, `execute:mcp:${server.name}:${tool}`),
    policies: server.policies,
  };
  const caller = { id: actor.id, type: actor.type, roles: [...roles] };
  // So that a rule about an argument need not ask first whether there are any.
  const args = method === 'prompts/get' ? { ...params, arguments: params.arguments ?? {} } : params;
  const bindings = bindingsOf({ args, tool, server: server.name, caller, risk: 'low', now: new Date() });
  const argumentBytes = Buffer.byteLength(canonicalJson(params));
  return decideCall(facts, { tool, server: server.name, risk: 'low', bindings, argumentBytes });
}

const asTool = {
  isEnabled: true,
  definitionState: 'pinned',
  isDangerous: false,
  requiresExplicitAllow: false,
  requiresPolicy: false,
  policyId: null,
} as const;

/** What of a read is not stored by now: its method stands where a call names its tool. */
export function redactionsOfRead({ policies, name }: AskedServer, { method }: ReadRequest): Redactions {
  return redactionsOf(policies, { server: name, tool: method });
}

/** Why the read is refused; undefined when it is allowed. */
export function readRefusal(
  decision: ToolDecision,
  server: AskedServer,
  request: ReadRequest,
): EngineError | undefined {
  if (decision.decision === 'allow') return undefined;
  const { method } = request;
  const { warnings, shadow } = decision;
  const noted = { warnings, shadow, hidden: redactionsOfRead(server, request).input };
  const named = { server_id: server.server_id, tool_name: method, snapshot_id: server.snapshot_id };
  if (decision.reason === 'unknown_tool') {
    const unlisted = refusal('NOT_FOUND', `the server lists nothing of this name for ${method}`, {
      details: { server_id: server.server_id, tool_name: method },
    });
    return withNotes(unlisted, noted);
  }
  if (decision.decision === 'deny') return withNotes(denial(decision, named), noted);
  const message = `${decision.message} Reads cannot wait for one: allow them without, or call a tool.`;
  return withNotes(denial({ ...decision, reason: 'policy_violation', message }, named), noted);
}
