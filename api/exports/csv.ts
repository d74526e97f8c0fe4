import type { SealedEvent } from '../../prisma/reads/sealed-events';
import { payloadOf } from './export-event';
import type { EventWithGap } from './read-events';

const fields = [
  ...(['occurred_at', 'event_id', 'event_type', 'event_category', 'severity', 'outcome', 'action'] as const),
  ...(['actor_id', 'actor_type', 'plane_id', 'job_id', 'run_id', 'step_index', 'request_id', 'trace_id'] as const),
  ...(['resource_type', 'resource_id', 'policy_id', 'policy_snapshot_id', 'error_code', 'error_message'] as const),
  'evidence',
] as const;
const columns = ['leaf_index', ...fields, 'integrity_hash', 'leaf_hash'];

/** A table for people (RFC 4180): what the hashed bytes say, with leaf and hashes to find each event in the proofs. */
export async function* writeCsv(batches: AsyncIterable<readonly EventWithGap[]>): AsyncGenerator<string> {
  yield line(columns);
  for await (const batch of batches) {
    if (batch.length > 0) yield batch.map(({ row }) => line(cells(row))).join('');
  }
}

function cells(row: SealedEvent): unknown[] {
  const said = payloadOf(row) ?? { event_id: row.leaf_event_id };
  return [row.index, ...fields.map((field) => said[field]), row.leaf_integrity_hash, row.leaf_leaf_hash];
}

function line(values: readonly unknown[]): string {
  return `${values.map(cell).join(',')}\r\n`;
}

/** One cell. A text that a spreadsheet would take for a formula gets a quote before it (OWASP, CSV injection). */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = /^[\s]*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
