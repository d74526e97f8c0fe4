import type { Database } from '../../transaction/database';
import { fixedQuery } from '../../transaction/fixed-query';
import { readAsTenant } from '../../transaction/read';

/** A call with its evidence and its approval, as it stands; undefined when the tenant has none of this id. */
export function readCallResult(db: Database, tenantId: string, invocationId: string) {
  return readAsTenant(db, tenantId, async (tx) => (await tx.executeQuery(callResult({ invocationId }))).rows[0]);
}

const callResult = fixedQuery((db, { invocationId }: { invocationId: string }) =>
  db
    .selectFrom('mcp_tool_calls as c')
    .leftJoin('mcp_tool_approvals as a', 'a.invocation_id', 'c.invocation_id')
    .leftJoin('mcp_tool_invocations as i', (join) =>
      join.onRef('i.invocation_id', '=', 'c.invocation_id').on('i.first', '=', true),
    )
    .select([
      ...(['c.invocation_id', 'c.server_id', 'c.tool_id', 'c.tool_name', 'c.actor_id', 'c.state'] as const),
      ...(['c.outcome', 'c.reason', 'c.message', 'c.output', 'c.output_ref', 'c.decision', 'c.workflow_id'] as const),
      ...(['c.policy_snapshot_id', 'c.requested_at', 'c.settled_at'] as const),
      ...(['a.approval_id', 'a.expires_at', 'i.duration_ms', 'i.policy_decision'] as const),
    ])
    .where('c.invocation_id', '=', invocationId),
);

export type CallResultRow = NonNullable<Awaited<ReturnType<typeof readCallResult>>>;

/** People have decided about the call, though its workflow may not have heard of it yet. */
export async function isDecided(db: Database, tenantId: string, invocationId: string): Promise<boolean> {
  const row = await readAsTenant(db, tenantId, (tx) =>
    tx.selectFrom('mcp_tool_approvals').select('decision').where('invocation_id', '=', invocationId).executeTakeFirst(),
  );
  return row !== undefined && row.decision !== null;
}
