import { sql, type Kysely } from 'kysely';
import { refusal } from '../../../contracts/errors';
import type { SealedPolicies } from '../../../contracts/policies';
import type { DB } from '../../../prisma/generated/database';
import type { Bound } from '../../define';
import type { Transaction } from '../../transaction/database';
import { fixedQuery } from '../../transaction/fixed-query';
import { inLine } from '../../transaction/in-line';
import { policiesOf } from '../policy/sealed-policies';
import { serverNotFound } from '../servers/rows';
import type { ReachedServer } from './call-reads';
import { callNotFound, lockedCall, type CallRow } from './call-rows';

export interface CalledTool extends ReachedServer {
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
export async function readCalledTool({ tx }: Bound, serverId: string, toolId: string): Promise<CalledTool> {
  const [row] = (await tx.executeQuery(toolById({ toolId }))).rows;
  if (row === undefined) throw await missing(tx, serverId);
  return toCalledTool(tx, serverId, row);
}

/** The call, locked until the transaction ends, and what it is decided by once more. */
export async function lockCalledTool(
  { tx }: Bound,
  invocationId: string,
): Promise<{ call: CallRow; tool: CalledTool }> {
  const send = await inLine(tx);
  const [[call], [row]] = await Promise.all([send(lockedCall({ invocationId })), send(toolOfCall({ invocationId }))]);
  if (call === undefined) throw callNotFound();
  if (row === undefined) throw await missing(tx, call.server_id);
  return { call, tool: await toCalledTool(tx, call.server_id, row) };
}

/** The tool, or the call that was taken on under this workflow id before, whatever has become of its tool since. */
export async function readToolOrCall(
  { tx }: Bound,
  { serverId, toolId, workflowId }: { readonly serverId: string; readonly toolId: string; readonly workflowId: string },
): Promise<{ readonly tool: CalledTool } | { readonly known: KnownCall }> {
  const [row] = (await tx.executeQuery(toolOrCall({ toolId, workflowId }))).rows;
  const isNew = row !== undefined && row.known === null;
  const known = isNew ? undefined : await findCall(tx, workflowId);
  if (known !== undefined) return { known };
  if (row === undefined) throw await missing(tx, serverId);
  return { tool: await toCalledTool(tx, serverId, row) };
}

export type KnownCall = NonNullable<Awaited<ReturnType<typeof findCall>>>;

export function findCall(tx: Transaction, workflowId: string) {
  return tx
    .selectFrom('mcp_tool_calls')
    .select(['invocation_id', 'digest', 'state', 'outcome', 'tool_name', 'server_id'])
    .where('workflow_id', '=', workflowId)
    .executeTakeFirst();
}

function calledTool(db: Kysely<DB>) {
  return db
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
      ...(['s.url', 's.transport', 's.auth_type', 's.credential_id'] as const),
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
    .where('s.deleted_at', 'is', null);
}

const toolById = fixedQuery((db, { toolId }: { toolId: string }) => calledTool(db).where('t.tool_id', '=', toolId));

const toolOfCall = fixedQuery((db, { invocationId }: { invocationId: string }) =>
  calledTool(db).where('t.tool_id', '=', (query) =>
    query.selectFrom('mcp_tool_calls as c').select('c.tool_id').where('c.invocation_id', '=', invocationId),
  ),
);

const toolOrCall = fixedQuery((db, { toolId, workflowId }: { toolId: string; workflowId: string }) =>
  calledTool(db)
    .where('t.tool_id', '=', toolId)
    .leftJoin('mcp_tool_calls as c', (join) => join.on('c.workflow_id', '=', workflowId))
    .select('c.invocation_id as known'),
);

type ToolRow = NonNullable<Awaited<ReturnType<ReturnType<typeof calledTool>['executeTakeFirst']>>>;

async function toCalledTool(tx: Transaction, serverId: string, row: ToolRow): Promise<CalledTool> {
  if (row.server_id !== serverId) throw refusal('TOOL_SERVER_MISMATCH', 'the tool belongs to another server');
  return {
    ...row,
    has_grant: Boolean(row.has_grant),
    policies: row.snapshot_id === null ? undefined : await policiesOf(tx, row.snapshot_id),
  };
}

async function missing(tx: Transaction, serverId: string) {
  const server = await tx
    .selectFrom('mcp_servers')
    .select('server_id')
    .where('server_id', '=', serverId)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (server === undefined) return serverNotFound();
  return refusal('TOOL_NOT_FOUND', 'there is no such tool; list them with GET …/{id}/tools');
}
