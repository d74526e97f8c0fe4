import { sql } from 'kysely';
import type { Dispatch } from '../catalogue';
import { systemContext } from '../system-context';
import type { Database } from '../transaction/database';

/** Lets every run go on whose pause switch is off, a thousand at a time. `db` is of the system role. */
export async function resumeReleasedPauses(db: Database, dispatch: Dispatch): Promise<number> {
  const { rows } = await sql<{ pause_id: string; tenant_id: string }>`
    select p.pause_id, p.tenant_id from run_pauses p join runtime_switches s on s.switch_id = p.switch_id
    where p.outcome is null and not s.enabled order by p.paused_at limit 1000`.execute(db);
  const faults: unknown[] = [];
  for (const { pause_id: pauseId, tenant_id: tenantId } of rows) {
    const context = systemContext(tenantId, 'pauses');
    const request = { params: { pauseId }, idempotencyKey: context.requestId };
    // One that cannot go on must not keep the others waiting.
    await dispatch(context, 'governance.pauses.resume_released', request).catch((error: unknown) => faults.push(error));
  }
  if (faults.length > 0) throw new AggregateError(faults, `${faults.length} pauses could not be ended`);
  return rows.length;
}
