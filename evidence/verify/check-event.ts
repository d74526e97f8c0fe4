import { hash } from 'node:crypto';
import { differingColumns, expectedColumns } from '../differing-columns';
import { ExportEvent } from '../export-format';
import { parsePayload, type Payload } from '../payload';
import { readEventBytes } from './event-bytes';
import type { Finding, Findings } from './finding';
import { describeIssues } from './issues';

export interface CheckedEvent {
  readonly event: ExportEvent;
  /** By its bytes; undefined when there are none. */
  readonly leaf: Buffer | undefined;
  /** What its bytes say; undefined when they are gone, or no JSON object. */
  readonly payload: Payload | undefined;
}

/** Checks one event by itself: form, bytes against both hashes, and columns against bytes. Undefined when it has no form. */
export function checkEvent(value: unknown, tenantId: string, findings: Findings): CheckedEvent | undefined {
  const event = readEvent(value, findings);
  if (event === undefined) return undefined;
  const read = event.bytes === null ? undefined : readEventBytes(event.bytes);
  if (read === undefined) {
    const message =
      event.bytes === null
        ? 'its bytes are gone from the store: the tree still shows that it was there, but not what it said'
        : 'bytes is not base64';
    findings.add(at(event, { check: 'bytes', field: 'bytes', message }));
    return { event, leaf: undefined, payload: undefined };
  }
  const integrity = hash('sha256', read.bytes);
  const leaf = hash('sha256', read.leafInput);
  if (integrity !== event.integrity_hash) {
    const message = `the SHA-256 of its bytes is ${integrity}, not integrity_hash ${event.integrity_hash}: the bytes or the hash were changed`;
    findings.add(at(event, { check: 'integrity_hash', field: 'integrity_hash', message }));
  }
  if (leaf !== event.leaf_hash) {
    const message = `the leaf hash of its bytes is ${leaf}, not leaf_hash ${event.leaf_hash}`;
    findings.add(at(event, { check: 'leaf_hash', field: 'leaf_hash', message }));
  }
  const payload = parsePayload(read.bytes);
  if (payload === undefined) {
    findings.add(at(event, { check: 'payload', field: 'bytes', message: 'its bytes are not a JSON object' }));
  } else {
    try {
      checkPayload(event, payload, { tenantId, integrity, leaf }, findings);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      findings.add(at(event, { check: 'format', message: 'is nested too deep to be compared' }));
    }
  }
  return { event, leaf: Buffer.from(leaf, 'hex'), payload };
}

/** Where a finding about an event is. */
export function at(event: Pick<ExportEvent, 'index' | 'event_id'>, finding: Finding): Finding {
  return { ...finding, index: event.index, event_id: event.event_id };
}

// The schema says precisely what is wrong, but takes longer than all hashing: most events are told to be right without it.
function readEvent(value: unknown, findings: Findings): ExportEvent | undefined {
  if (isPlainEvent(value)) return value;
  const parsed = ExportEvent.safeParse(value);
  // As it stands: the schema would drop a column named like JavaScript's own “__proto__”.
  if (parsed.success) return value as ExportEvent;
  const { index, event_id: eventId } = (value ?? {}) as Partial<Record<keyof ExportEvent, unknown>>;
  findings.add({
    check: 'format',
    message: `is not an event of this format: ${describeIssues(parsed.error)}`,
    ...(typeof index === 'number' && { index }),
    ...(typeof eventId === 'string' && { event_id: eventId }),
  });
  return undefined;
}

function isPlainEvent(value: unknown): value is ExportEvent {
  if (typeof value !== 'object' || value === null) return false;
  const event = value as ExportEvent;
  return (
    Object.keys(event).length === 6 &&
    Number.isSafeInteger(event.index) &&
    event.index >= 0 &&
    typeof event.event_id === 'string' &&
    typeof event.bytes === 'string' &&
    isHashLong(event.integrity_hash) &&
    isHashLong(event.leaf_hash) &&
    (event.previous_hash === null || isHashLong(event.previous_hash))
  );
}

// What it is made of shows in the comparison with the hash that it should be.
function isHashLong(value: unknown): boolean {
  return typeof value === 'string' && value.length === 64;
}

interface Expected {
  readonly tenantId: string;
  readonly integrity: string;
  readonly leaf: string;
}

function checkPayload(event: ExportEvent, payload: Payload, expected: Expected, findings: Findings): void {
  if (payload['event_id'] !== event.event_id) {
    const message = `event_id is ${event.event_id}, but the hashed bytes say ${show(payload['event_id'])}`;
    findings.add(at(event, { check: 'column', field: 'event_id', message }));
  }
  if (payload['tenant_id'] !== expected.tenantId) {
    const message = `the hashed bytes belong to tenant ${show(payload['tenant_id'])}, the file to ${expected.tenantId}`;
    findings.add(at(event, { check: 'tenant', field: 'tenant_id', message }));
  }
  if (event.columns !== undefined) checkColumns(event, event.columns, { payload, ...expected }, findings);
}

function checkColumns(
  event: ExportEvent,
  columns: Readonly<Record<string, unknown>>,
  { payload, integrity, leaf }: Expected & { payload: Payload },
  findings: Findings,
): void {
  const said = expectedColumns(payload, { integrity_hash: integrity, leaf_hash: leaf });
  for (const field of differingColumns(columns, said)) {
    const message = `the column ${field} says ${show(columns[field])}, the hashed bytes say ${show(said[field])}`;
    findings.add(at(event, { check: 'column', field, message }));
  }
}

const shownMax = 200;

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}
