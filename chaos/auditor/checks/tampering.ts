import { createHash } from 'node:crypto';
import type { Check, Finder, Material } from '../check';
import { sha256 } from '../canonical';
import { sealingChanges } from './sealing-changes';
import { tiles } from './tiles';
import { trees } from './trees';

const pageSize = 2_000;

/** Columns of an event that its bytes also hold. */
const columns = [
  ...['id', 'event_id', 'tenant_id', 'event_type', 'event_category', 'severity', 'request_id', 'trace_id', 'run_id'],
  ...[
    'step_index',
    'plane_id',
    'job_id',
    'actor_id',
    'actor_type',
    'action',
    'resource_type',
    'resource_id',
    'outcome',
  ],
  ...['policy_id', 'policy_snapshot_id', 'error_code', 'error_message', 'occurred_at', 'evidence'],
] as const;

type EventRow = Readonly<Record<(typeof columns)[number], unknown>> & {
  readonly ordinal: string;
  readonly recorded_at: string;
  readonly payload_bytes: Buffer | null;
  readonly integrity_hash: string;
  readonly leaf_hash: Buffer;
};

/** I5: the bytes of each event give its hashes, and its columns say what the bytes say; the trees hold all of it. */
export const tampering: Check = {
  invariant: 'I5',
  promise: 'what was recorded cannot be changed unseen',
  async run(material, look) {
    await events(material, look);
    await look.rows(material, {
      rule: 'event-id-twice',
      query: 'select event_id, count(*)::int as times from audit_events group by event_id having count(*) > 1',
    });
    await trees(material, look);
    await tiles(material, look);
    await sealingChanges(material, look);
  },
};

async function events({ sql }: Material, look: Finder): Promise<void> {
  let after = '0';
  for (;;) {
    const { rows } = await sql.query<EventRow>(
      `select *, ordinal::text as ordinal, id::text as id, recorded_at::text as recorded_at from audit_events
      where ordinal > $1 order by audit_events.ordinal limit ${pageSize}`,
      [after],
    );
    for (const row of rows) judge(row, look);
    after = rows.at(-1)?.ordinal ?? after;
    if (rows.length < pageSize) return;
  }
}

function judge(row: EventRow, look: Finder): void {
  look.examined += 1;
  const ids = { event_id: String(row.event_id), tenant_id: String(row.tenant_id) };
  const bytes = row.payload_bytes;
  if (bytes === null) {
    look.found('payload-missing', ids);
    return;
  }
  if (sha256(bytes) !== row.integrity_hash) look.found('bytes-changed', ids);
  if (!leafHash(bytes).equals(row.leaf_hash)) look.found('leaf-hash-changed', ids);
  let said: Record<string, unknown>;
  try {
    said = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
  } catch {
    look.found('bytes-are-no-json', ids);
    return;
  }
  for (const name of columns) {
    if (text(row[name]) !== text(said[name])) look.found('column-changed', { ...ids, column: name });
  }
  for (const name of Object.keys(said)) {
    if (!(columns as readonly string[]).includes(name)) look.found('bytes-say-more', { ...ids, member: name });
  }
}

/** RFC 6962 §2.1. */
function leafHash(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(Buffer.of(0)).update(bytes).digest();
}

function text(value: unknown): string {
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  return JSON.stringify(sorted(value ?? null));
}

// jsonb keeps members in an order of its own.
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, each]) => [name, sorted(each)]));
}
