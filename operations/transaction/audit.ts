import { sql } from 'kysely';
import { auditEvents, type AuditEntry } from '../../contracts/audit';
import type { ExecutionContext } from '../../contracts/execution-context';
import { leafHash } from '../../evidence/merkle/hash';
import { newId } from '../ids';
import { canonicalJson, sha256Hex } from './canonical';
import type { Database } from './database';
import { canonicalEvent, columnsOf, type EventInput } from './event-columns';

/** An event with its identity, ready to be written; `payload` is what its hash covers. */
export interface PreparedEvent {
  readonly eventId: string;
  readonly entry: AuditEntry;
}

// The second, then eight random bytes: unique for ever, and new ids lie side by side in the index of the leaves. Wholly
// random ones would touch another page of it with each leaf.
export function prepareEvent(entry: AuditEntry): PreparedEvent {
  const second = Math.floor(Date.now() / 1_000)
    .toString(16)
    .padStart(8, '0');
  return { eventId: newId(`evt_${second}`, 8), entry };
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

function toRow(input: EventInput) {
  const columns = columnsOf(input);
  const evidence = canonicalJson(auditEvents[input.entry.type].evidence.parse(input.entry.evidence));
  const bytes = Buffer.from(canonicalEvent(columns, evidence));
  return Object.assign(columns, {
    evidence: sql<string>`${evidence}::jsonb`,
    payload_bytes: bytes,
    integrity_hash: sha256Hex(bytes),
    leaf_hash: leafHash(bytes),
  });
}
