import { sql } from 'kysely';
import { refusal } from '../../../contracts/errors';
import type { SealedPolicies } from '../../../contracts/policies';
import { isPermitted, type Permission, type Role } from '../../../contracts/roles';
import type { ToolArguments } from '../../../contracts/tool-call-schemas';
import type { DefinitionState, RiskLevel, ServerStatus } from '../../../contracts/tools';
import type { Work } from '../../define';
import { decideCall, type CallFacts, type ToolDecision } from '../policy/decide';
import { redactionsOf, type Redactions } from '../redaction/redactions';
import { serverNotFound } from '../servers/rows';

export interface CalledTool {
  readonly server_id: string;
  readonly server_name: string;
  readonly server_status: string;
  readonly server_enabled: boolean;
  readonly requires_approval: boolean;
  readonly default_policy_id: string | null;
  readonly rate_limit_requests: number | null;
  readonly rate_limit_window_seconds: number;
  readonly tool_id: string;
  readonly tool_name: string;
  readonly tool_enabled: boolean;
  readonly input_schema: unknown;
  readonly definition_state: string;
  readonly definition_hash: string;
  readonly risk_level: string;
  readonly is_dangerous: boolean;
  readonly requires_explicit_allow: boolean;
  readonly requires_policy: boolean;
  readonly policy_id: string | null;
  readonly required_permissions: unknown;
  readonly retry_safe: boolean;
  readonly max_calls_per_minute: number;
  readonly has_grant: boolean;
  readonly snapshot_id: string | null;
  readonly policies: SealedPolicies['policies'] | undefined;
}

/** Everything that a call of the tool is decided by, as it is at this moment. */
export async function readCalledTool({ tx }: Work, serverId: string, toolId: string): Promise<CalledTool> {
  const row = await calledTool(tx, toolId).executeTakeFirst();
  if (row === undefined) throw await missing(tx, serverId);
  return toCalledTool(tx, serverId, row);
}

/** The tool, or the call that was taken on under this workflow id before, whatever has become of its tool since. */
export async function readToolOrCall(
  { tx }: Work,
  { serverId, toolId, workflowId }: { readonly serverId: string; readonly toolId: string; readonly workflowId: string },
): Promise<{ readonly tool: CalledTool } | { readonly known: KnownCall }> {
  const row = await calledTool(tx, toolId)
    .leftJoin('mcp_tool_calls as c', (join) => join.on('c.workflow_id', '=', workflowId))
    .select('c.invocation_id as known')
    .executeTakeFirst();
  const isNew = row !== undefined && row.known === null;
  const known = isNew ? undefined : await findCall(tx, workflowId);
  if (known !== undefined) return { known };
  if (row === undefined) throw await missing(tx, serverId);
  return { tool: await toCalledTool(tx, serverId, row) };
}

export type KnownCall = NonNullable<Awaited<ReturnType<typeof findCall>>>;

export function findCall(tx: Work['tx'], workflowId: string) {
  return tx
    .selectFrom('mcp_tool_calls')
    .select(['invocation_id', 'digest', 'state', 'outcome', 'tool_name', 'server_id'])
    .where('workflow_id', '=', workflowId)
    .executeTakeFirst();
}

function calledTool(tx: Work['tx'], toolId: string) {
  return tx
    .selectFrom('mcp_tools as t')
    .innerJoin('mcp_servers as s', 's.server_id', 't.server_id')
    .leftJoin('policy_snapshot_status as p', (join) =>
      join.onRef('p.tenant_id', '=', 't.tenant_id').on('p.status', '=', 'active'),
    )
    .select([
      ...([
        's.server_id',
        's.name as server_name',
        's.status as server_status',
        's.enabled as server_enabled',
      ] as const),
      ...(['s.requires_approval', 's.default_policy_id', 's.rate_limit_requests'] as const),
      ...(['s.rate_limit_window_seconds', 't.tool_id', 't.name as tool_name', 't.enabled as tool_enabled'] as const),
      ...(['t.input_schema', 't.definition_state', 't.definition_hash', 't.risk_level', 't.is_dangerous'] as const),
      ...(['t.requires_explicit_allow', 't.requires_policy', 't.policy_id', 't.required_permissions'] as const),
      ...(['t.max_calls_per_minute', 't.retry_safe', 'p.snapshot_id'] as const),
    ])
    .select((eb) => [
      eb
        .exists(
          eb
            .selectFrom('mcp_tool_grants as g')
            .select(sql`1`.as('one'))
            .whereRef('g.tool_id', '=', 't.tool_id')
            .where('g.revoked_at', 'is', null),
        )
        .as('has_grant'),
    ])
    .where('t.tool_id', '=', toolId)
    .where('s.deleted_at', 'is', null);
}

type ToolRow = NonNullable<Awaited<ReturnType<ReturnType<typeof calledTool>['executeTakeFirst']>>>;

async function toCalledTool(tx: Work['tx'], serverId: string, row: ToolRow): Promise<CalledTool> {
  if (row.server_id !== serverId) throw refusal('TOOL_SERVER_MISMATCH', 'the tool belongs to another server');
  return {
    ...row,
    has_grant: Boolean(row.has_grant),
    policies: row.snapshot_id === null ? undefined : await policiesOf(tx, row.snapshot_id),
  };
}

async function missing(tx: Work['tx'], serverId: string) {
  const server = await tx
    .selectFrom('mcp_servers')
    .select('server_id')
    .where('server_id', '=', serverId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (server === undefined) return serverNotFound();
  return refusal('TOOL_NOT_FOUND', 'there is no such tool; list them with GET …/{id}/tools');
}

// A sealed snapshot never changes, and its id was read in the tenant's own transaction.
const sealed = new Map<string, SealedPolicies['policies']>();
const sealedMax = 200;

/** The policies of a sealed snapshot of the tenant. */
export async function policiesOf(tx: Work['tx'], snapshotId: string): Promise<SealedPolicies['policies']> {
  const known = sealed.get(snapshotId);
  if (known !== undefined) return known;
  const { policies_json: json } = await tx
    .selectFrom('policy_snapshots')
    .select('policies_json')
    .where('snapshot_id', '=', snapshotId)
    .executeTakeFirstOrThrow();
  const { policies } = JSON.parse(json) as SealedPolicies;
  if (sealed.size >= sealedMax) sealed.delete(sealed.keys().next().value ?? snapshotId);
  sealed.set(snapshotId, policies);
  return policies;
}

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
  const bindings = {
    args: args.value,
    tool: tool.tool_name,
    server: tool.server_name,
    caller: { id, type, roles: [...roles] },
    risk,
    now: at,
  };
  const argumentBytes = Buffer.byteLength(args.canonical);
  return decideCall(facts, { tool: tool.tool_name, server: tool.server_name, risk, bindings, argumentBytes });
}
