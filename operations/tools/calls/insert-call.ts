import { sql, type InsertObject } from 'kysely';
import type { LimitState } from '../../../contracts/rate-limits';
import type { ToolArguments } from '../../../contracts/tool-call-schemas';
import { epochsOf } from '../../../contracts/switches';
import type { DB } from '../../../prisma/generated/database';
import type { Work } from '../../define';
import { rateLimitRefusal } from '../../limits/rate-limit-refusal';
import type { CalledTool } from './called-tool';
import type { KeptDecision } from './call-rows';
import { previewOf } from './preview';
import { tokenOf } from './take-token';

export interface NewCall {
  readonly params: {
    readonly invocationId: string;
    readonly workflowId: string;
    readonly arguments: ToolArguments;
    readonly sealedArguments: string;
  };
  readonly tool: CalledTool;
  readonly inputHash: string;
  readonly kept: KeptDecision;
  readonly isPending: boolean;
}

/**
 * Takes the call on under its workflow id and, in the same statement, a token of its tool; false where the id is taken.
 * Throws where the limit is used up.
 */
export async function insertCall(
  work: Work,
  { params, tool, inputHash, digest, kept, isPending, hidden }: NewCall & { digest: string; hidden: readonly string[] },
) {
  const { tx, context } = work;
  const seen = epochsOf(work.switches);
  const row = {
    invocation_id: params.invocationId,
    tenant_id: context.tenantId,
    workflow_id: params.workflowId,
    server_id: tool.server_id,
    tool_id: tool.tool_id,
    tool_name: tool.tool_name,
    actor_id: context.actor.id,
    actor_type: context.actor.type,
    digest,
    input_hash: inputHash,
    input_preview: previewOf(params.arguments, hidden),
    input: Buffer.from(params.sealedArguments, 'base64'),
    state: isPending ? 'pending' : 'allowed',
    definition_hash: tool.definition_hash,
    decision: sql`${JSON.stringify(kept)}::jsonb`,
    policy_snapshot_id: tool.snapshot_id,
    run_id: context.runId,
    seen_epochs: sql`${JSON.stringify(seen)}::jsonb`,
    context: sql`${JSON.stringify(context)}::jsonb`,
  } satisfies InsertObject<DB, 'mcp_tool_calls'>;
  // The column of the inserted row makes the server insert first, and take nothing where nothing was inserted.
  const taken = tokenOf(context.tenantId, tool, sql.ref('i.tool_id')).as<'t'>(sql.ref('t'));
  const rows = await tx
    .with('inserted', (query) =>
      query
        .insertInto('mcp_tool_calls')
        .values(row)
        .onConflict((conflict) => conflict.column('workflow_id').doNothing())
        .returning('tool_id'),
    )
    .selectFrom('inserted as i')
    .leftJoinLateral(taken, (join) => join.onTrue())
    .select(['t.subject', 't.requests', 't.seconds', 't.tokens'])
    .execute();
  const empty = rows.filter((limit): limit is LimitState => limit.subject !== null);
  if (empty.length > 0) throw rateLimitRefusal(empty);
  return rows.length > 0;
}
