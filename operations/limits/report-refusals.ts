import { sql } from 'kysely';
import { EngineError, type ReasonCode } from '../../contracts/errors';
import { freezeContext, platformTenantId, type ExecutionContext } from '../../contracts/execution-context';
import { newId } from '../ids';
import { appendAudit, prepareEvent } from '../transaction/audit';
import type { Database } from '../transaction/database';
import { toEngineFault } from '../transaction/faults';
import { inTransaction, type OpenTransaction } from '../transaction/transaction';
import { refusalEntry } from '../transaction/work';

/** Under which refusals of callers without a valid key are counted. */
export const strangers = 'anonymous';

/** Records what was counted for the context's actor, in one event, unless somebody else has within this minute. */
export type ReportRefusals = (context: ExecutionContext) => Promise<void>;

export function createReportRefusals(db: Database): ReportRefusals {
  return async (context) => {
    try {
      await inTransaction(db, context, (open) => report(open, context));
    } catch (fault) {
      throw toEngineFault(fault);
    }
  };
}

/** Counts a refusal that an operation made, and reports when that is due. */
export async function countRefusal(db: Database, context: ExecutionContext): Promise<void> {
  await inTransaction(db, context, async (open) => {
    open.passed = true;
    const { rows } = await sql<{ due: boolean }>`
      select aos_count_refusal(${context.tenantId}, ${context.actor.id}, null) as due`.execute(open.tx);
    if (rows[0]?.due === true) await report(open, context);
  });
}

/** Reports what a flood left behind when it ended. `systemDb` is of the system role and only looks. */
export async function reportLeftovers(systemDb: Database, reportRefusals: ReportRefusals): Promise<void> {
  const { rows } = await sql<{ tenant_id: string; subject_id: string }>`
    select tenant_id, subject_id from rate_limit_refusals
    where refused > 0 and (reported_at is null or reported_at < now() - interval '1 minute') limit 1000`.execute(
    systemDb,
  );
  for (const { tenant_id: tenantId, subject_id: subject } of rows) {
    const requestId = newId('req-');
    const actor = { id: subject, type: 'machine' } as const;
    const ids = { requestId, traceId: newId('', 16), runId: requestId };
    await reportRefusals(freezeContext({ tenantId, actor, ...ids, source: 'reconciler' }));
  }
}

/** Forgets buckets that are full again for long, and counts without a refusal. */
export async function forgetBuckets(systemDb: Database): Promise<void> {
  await sql`delete from rate_limit_buckets where refilled_at < now() - interval '2 days'`.execute(systemDb);
  await sql`delete from rate_limit_buckets
    where subject_type = 'address' and subject_id <> '*' and refilled_at < now() - interval '1 hour'`.execute(systemDb);
  await sql`delete from rate_limit_refusals where refused = 0 and reported_at < now() - interval '1 day'`.execute(
    systemDb,
  );
}

async function report(open: OpenTransaction, context: ExecutionContext): Promise<void> {
  open.passed = true;
  const { tenantId, actor } = context;
  const { rows } = await sql<{ refused: string; since: Date }>`
    update rate_limit_refusals r set refused = 0, reported_at = now()
    from (select refused, since from rate_limit_refusals
      where tenant_id = ${tenantId} and subject_id = ${actor.id} for update) old
    where r.tenant_id = ${tenantId} and r.subject_id = ${actor.id} and r.refused > 0
      and (r.reported_at is null or r.reported_at <= now() - interval '1 minute')
    returning old.refused, old.since`.execute(open.tx);
  const [row] = rows;
  if (row === undefined) return;
  const isStranger = tenantId === platformTenantId && actor.id === strangers;
  const action = 'door.refusals';
  const error = counted(isStranger ? 'MISSING_IDENTITY' : 'RATE_LIMIT_EXCEEDED', {
    count: Number(row.refused),
    since: row.since.toISOString(),
  });
  await appendAudit(open.tx, { context, action }, [prepareEvent(refusalEntry(action, error, 'AccessRefused'))]);
}

function counted(reason: ReasonCode, details: { count: number; since: string }): EngineError {
  const code = reason === 'MISSING_IDENTITY' ? 'authentication_failed' : 'rate_limit_policy';
  return new EngineError(code, `${details.count} requests were refused since ${details.since}`, { reason, details });
}
