import type { ExecutionContext } from '../../../contracts/execution-context';
import type { Database } from '../../transaction/database';
import { readAsTenant } from '../../transaction/read';

/** The call that this workflow carries out, for whoever made it; to anybody else it is as if it were not there. */
export async function findOwnCall(
  db: Database,
  { tenantId, actor }: Pick<ExecutionContext, 'tenantId' | 'actor'>,
  workflowId: string,
): Promise<string | undefined> {
  const row = await readAsTenant(db, tenantId, (tx) =>
    tx
      .selectFrom('mcp_tool_calls')
      .select('invocation_id')
      .where('workflow_id', '=', workflowId)
      .where('actor_id', '=', actor.id)
      .executeTakeFirst(),
  );
  return row?.invocation_id;
}
