import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { AuditEntry } from '../../contracts/audit';
import { freezeContext, type ExecutionContext } from '../../contracts/execution-context';
import { appendAudit, auditRows, prepareEvent } from '../../operations/transaction/audit';
import type { Database, Transaction } from '../../operations/transaction/database';

export type Append = (db: Database, context: ExecutionContext, events: number) => Promise<void>;

/** One transaction with that many events, as the audit writer makes them. */
export const appendSealed: Append = (db, context, events) =>
  inTenant(db, context, (tx) => appendAudit(tx, { context, action: 'bench.audit' }, prepared(events)));

// What a row costs before it is bytes: no canonical form, no hash; the columns may not be empty.
const noHash = '0'.repeat(64);
const noLeaf = Buffer.alloc(32);

/** The same rows without the bytes and their hashes. */
export const appendPlain: Append = (db, context, events) =>
  inTenant(db, context, async (tx) => {
    const occurredAt = new Date().toISOString();
    const rows = prepared(events).map(({ eventId, entry }) => ({
      ...columnsOf(context),
      ...{
        id: randomUUID(),
        event_id: eventId,
        event_type: entry.type,
        outcome: entry.outcome,
        occurred_at: occurredAt,
      },
      evidence: sql<string>`${JSON.stringify(entry.evidence)}::jsonb`,
      ...{ integrity_hash: noHash, leaf_hash: noLeaf },
    }));
    await tx.insertInto('audit_events').values(rows).execute();
  });

function prepared(events: number) {
  return Array.from({ length: events }, () => prepareEvent(anEntry()));
}

function anEntry(): AuditEntry {
  return {
    type: 'StageProgressed',
    outcome: 'success',
    planeId: 'kp_0123456789ab',
    jobId: 'job_0123456789ab',
    evidence: { stage: 'ingest', counts: { documents: 12, bytes: 34_567, dead_letters: 0 } },
  };
}

// Everything else as the audit writer has it, from one of its own rows.
function columnsOf(context: ExecutionContext) {
  const [row] = auditRowsOnce(context);
  const { payload_bytes: _bytes, ...columns } = row;
  return columns;
}

const known = new Map<string, ReturnType<typeof auditRows>>();
function auditRowsOnce(context: ExecutionContext): [ReturnType<typeof auditRows>[number]] {
  const rows = known.get(context.tenantId) ?? auditRows({ context, action: 'bench.audit' }, prepared(1));
  known.set(context.tenantId, rows);
  return rows as [ReturnType<typeof auditRows>[number]];
}

function inTenant(
  db: Database,
  { tenantId }: ExecutionContext,
  work: (tx: Transaction) => Promise<void>,
): Promise<void> {
  return db.transaction().execute(async (tx) => {
    await sql`select set_config('aos.tenant', ${tenantId}, true)`.execute(tx);
    await work(tx as unknown as Transaction);
  });
}

const contexts = new Map<string, ExecutionContext>();

export function contextOf(tenantId: string): ExecutionContext {
  const context =
    contexts.get(tenantId) ??
    freezeContext({
      tenantId,
      actor: { id: 'key_0123456789ab', type: 'machine', keyId: 'key_0123456789ab' },
      requestId: 'req-0123456789ab',
      traceId: '0123456789abcdef0123456789abcdef',
      runId: 'req-0123456789ab',
      source: 'sdk',
    });
  contexts.set(tenantId, context);
  return context;
}
