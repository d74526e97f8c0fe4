import { sql } from 'kysely';
import { freezeContext } from '../../contracts/execution-context';
import type { Dispatch } from '../catalogue';
import { newId } from '../ids';
import type { Database } from '../transaction/database';

/** Lets every run go on whose pause switch is off, a thousand at a time. `db` is of the system role. */
export async function resumeReleasedPauses(db: Database, dispatch: Dispatch): Promise<number> {
  const { rows } = await sql<{ pause_id: string; tenant_id: string }>`
    select p.pause_id, p.tenant_id from run_pauses p join runtime_switches s on s.switch_id = p.switch_id
    where p.outcome is null and not s.enabled order by p.paused_at limit 1000`.execute(db);
  for (const { pause_id: pauseId, tenant_id: tenantId } of rows) {
    const requestId = newId('req-');
    const context = freezeContext({
      tenantId,
      actor: { id: 'system:pauses', type: 'system' },
      requestId,
      traceId: newId('', 16),
      runId: requestId,
      source: 'reconciler',
    });
    await dispatch(context, 'governance.pauses.resume_released', { params: { pauseId }, idempotencyKey: requestId });
  }
  return rows.length;
}
