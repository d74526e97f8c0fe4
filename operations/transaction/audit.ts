import { createHash, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { auditEvents, type AuditEntry } from '../../contracts/audit';
import type { ExecutionContext } from '../../contracts/execution-context';
import { newId } from '../ids';
import { canonicalJson, sha256Hex } from './canonical';
import type { Database } from './database';

/** An event with its identity, ready to be written; `payload` is what its hash covers. */
export interface PreparedEvent {
  readonly eventId: string;
  readonly entry: AuditEntry;
}

// Twelve random bytes: an event id is unique for ever, and six would collide within some millions of events.
export function prepareEvent(entry: AuditEntry): PreparedEvent {
  return { eventId: newId('evt_', 12), entry };
}

export interface AuditScope {
  readonly context: ExecutionContext;
  readonly action: string;
}

/** Appends the events in one statement. */
export async function appendAudit(tx: Database, scope: AuditScope, events: readonly PreparedEvent[]): Promise<void> {
  if (events.length > 0) await tx.insertInto('audit_events').values(auditRows(scope, events)).execute();
}

/** The rows of the events. Each is serialised once (RFC 8785); those bytes are stored and hashed. */
export function auditRows({ context, action }: AuditScope, events: readonly PreparedEvent[]) {
  const occurredAt = new Date().toISOString();
  return events.map(({ eventId, entry }) => toRow({ eventId, entry, context, action, occurredAt }));
}

interface RowInput extends AuditScope, PreparedEvent {
  readonly occurredAt: string;
}

function toRow({ eventId, entry, context, action, occurredAt }: RowInput) {
  const rule = auditEvents[entry.type];
  const columns = {
    id: randomUUID(),
    event_id: eventId,
    tenant_id: context.tenantId,
    event_type: entry.type,
    event_category: rule.category,
    severity: rule.severity,
    request_id: context.requestId,
    trace_id: context.traceId,
    run_id: context.runId,
    step_index: context.stepIndex ?? null,
    plane_id: entry.planeId ?? context.planeId ?? null,
    job_id: entry.jobId ?? null,
    actor_id: context.actor.id,
    actor_type: context.actor.type,
    action,
    resource_type: entry.resource?.type ?? null,
    resource_id: entry.resource?.id ?? null,
    outcome: entry.outcome,
    policy_id: entry.policyId ?? null,
    policy_snapshot_id: entry.policySnapshotId ?? context.policySnapshotId ?? null,
    error_code: entry.error?.code ?? null,
    error_message: entry.error?.message ?? null,
    occurred_at: occurredAt,
  };
  const evidence = canonicalJson(rule.evidence.parse(entry.evidence));
  const bytes = Buffer.from(canonicalJson({ ...columns, evidence: JSON.parse(evidence) as unknown }));
  return {
    ...columns,
    evidence: sql<string>`${evidence}::jsonb`,
    payload_bytes: bytes,
    integrity_hash: sha256Hex(bytes),
    leaf_hash: leafHash(bytes),
  };
}

/** Leaf hash of RFC 6962 §2.1: SHA-256(0x00 ‖ bytes). */
export function leafHash(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(bytes).digest();
}
