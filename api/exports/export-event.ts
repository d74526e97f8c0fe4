import { differingColumns, expectedColumns } from '../../evidence/differing-columns';
import type { ExportEvent } from '../../evidence/export-format';
import { parsePayload, type Payload } from '../../evidence/payload';
import type { SealedEvent } from '../../prisma/reads/sealed-events';

/** The event as the file holds it. Columns stand beside the bytes only where they say something else. */
export function toExportEvent(row: SealedEvent, before: readonly string[]): ExportEvent {
  const columns = deviating(row);
  return {
    index: row.index,
    event_id: row.leaf_event_id,
    integrity_hash: row.leaf_integrity_hash,
    previous_hash: row.previous_hash,
    leaf_hash: row.leaf_leaf_hash,
    bytes: row.payload_bytes === null ? null : Buffer.from(row.payload_bytes).toString('base64'),
    ...(columns !== undefined && { columns }),
    ...(before.length > 0 && { before: [...before] }),
  };
}

function deviating(row: SealedEvent): Record<string, unknown> | undefined {
  const payload = payloadOf(row);
  if (payload === undefined) return undefined;
  const hashes = { integrity_hash: row.leaf_integrity_hash, leaf_hash: row.leaf_leaf_hash };
  const names = differingColumns(row.columns, expectedColumns(payload, hashes));
  return names.length === 0 ? undefined : Object.fromEntries(names.map((name) => [name, row.columns[name]]));
}

/** What the hashed bytes say; undefined when they are gone or no JSON object. */
export function payloadOf({ payload_bytes: bytes }: SealedEvent): Payload | undefined {
  return bytes === null ? undefined : parsePayload(bytes);
}
