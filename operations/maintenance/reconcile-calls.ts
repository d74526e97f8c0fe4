import { sql } from 'kysely';
import { parseContext } from '../../contracts/execution-context';
import type { ToolCallMessage } from '../../contracts/outbox';
import type { Dispatch } from '../catalogue';
import { systemContext } from '../system-context';
import type { Database } from '../transaction/database';

const ageSecondsMin = 60;
const pageSize = 200;

export interface CallPort {
  /** Those that are known to run, in one request. */
  listRunning(workflowIds: readonly string[]): Promise<ReadonlySet<string>>;
  isRunning(workflowId: string): Promise<boolean>;
  startToolCall(message: Pick<ToolCallMessage, 'workflowId' | 'payload'>): Promise<void>;
}

interface OpenCallRow {
  readonly tenant_id: string;
  readonly workflow_id: string;
  readonly invocation_id: string;
  readonly server_id: string;
  readonly server_name: string;
  readonly tool_name: string;
  readonly state: string;
  readonly context: unknown;
  /** Milliseconds until the approval runs out; null where nobody is waited for. */
  readonly wait_ms: number | null;
}

/**
 * Looks after calls that are open and have no workflow: one that the engine has lost is started again, one whose
 * workflow was ended from outside is closed, as unknown where it was sent. Returns how many were seen to.
 */
export async function reconcileCalls(db: Database, port: CallPort, dispatch: Dispatch): Promise<number> {
  const faults: unknown[] = [];
  let seenTo = 0;
  for (let after = ''; ;) {
    const { rows } = await sql<OpenCallRow>`
      select c.tenant_id, c.workflow_id, c.invocation_id, c.server_id, s.name as server_name, c.tool_name, c.state,
        c.context, case when c.state = 'pending' and a.decision is null
          then greatest(extract(epoch from a.expires_at - now()) * 1000, 1)::float8 end as wait_ms
      from mcp_tool_calls c join mcp_servers s on s.server_id = c.server_id
        left join mcp_tool_approvals a on a.invocation_id = c.invocation_id
      where c.settled_at is null and c.requested_at < now() - ${ageSecondsMin} * interval '1 second'
        and c.invocation_id > ${after}
        and not exists (select from event_outbox o where o.published_at is null and o.workflow_id = c.workflow_id)
      order by c.invocation_id limit ${pageSize}`.execute(db);
    if (rows.length === 0) break;
    // Most of them wait for people, for hours: they are asked for together, and only those that are missing one by one.
    const running = await port.listRunning(rows.map((row) => row.workflow_id));
    for (const row of rows.filter(({ workflow_id: id }) => !running.has(id))) {
      try {
        if (await seeTo(row, port, dispatch)) seenTo += 1;
      } catch (error) {
        faults.push(error);
      }
    }
    if (rows.length < pageSize) break;
    after = rows.at(-1)?.invocation_id ?? '';
  }
  if (faults.length > 0) throw new AggregateError(faults, `${faults.length} calls could not be seen to`);
  return seenTo;
}

async function seeTo(row: OpenCallRow, port: CallPort, dispatch: Dispatch): Promise<boolean> {
  const { workflow_id: workflowId, invocation_id: invocationId, server_id: serverId, state } = row;
  if (await port.isRunning(workflowId)) return false;
  const waits = row.wait_ms === null ? {} : { waitMs: Math.ceil(row.wait_ms) };
  await port.startToolCall({
    workflowId,
    payload: {
      call: { invocationId, serverId, ...waits },
      ...{ serverName: row.server_name, toolName: row.tool_name },
      decision: state === 'pending' ? 'pending' : 'allowed',
      requester: parseContext(row.context),
    },
  });
  if (await port.isRunning(workflowId)) return true;
  const reason = 'workflow_gone';
  const message = 'the workflow of the call was ended from outside';
  await dispatch(systemContext(row.tenant_id, 'reconciler'), 'tools.calls.close', {
    params: { invocationId, why: 'killed', reason, message },
    idempotencyKey: '',
  });
  return true;
}
