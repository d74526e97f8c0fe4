import type { HistoryFile } from '../../../chaos/auditor/histories';
import type { LedgerLine, LedgerSwitch } from '../../../chaos/ledger';
import type { AuditedRun } from '../audited-run';
import type { Edit } from './planted';

type Answered = Extract<LedgerLine, { kind: 'answered' }>;

export function succeeded({ load }: AuditedRun, pathEnd: string): Answered {
  const line = load.lines.find(
    (each): each is Answered => each.kind === 'answered' && each.call.path.endsWith(pathEnd) && each.status < 300,
  );
  if (line === undefined) throw new Error(`nothing succeeded at ${pathEnd}`);
  return line;
}

export const withLines =
  (...lines: LedgerLine[]): Edit =>
  (material) => ({ ...material, ledger: [...material.ledger, ...lines] });

export const withHistory =
  (change: (text: string) => string): Edit =>
  (material) => ({
    ...material,
    histories: material.histories.map((each) =>
      each.workflowId.startsWith('plane:') ? (JSON.parse(change(JSON.stringify(each))) as HistoryFile) : each,
    ),
  });

/** The load as if its kills had been of that kind. */
export const asKind =
  (kind: LedgerSwitch['kind']): Edit =>
  (material) => ({
    ...material,
    ledger: material.ledger.map((line) =>
      line.kind === 'answered' && line.acknowledgedSwitch !== undefined
        ? { ...line, acknowledgedSwitch: { ...line.acknowledgedSwitch, kind } }
        : line,
    ),
  });

/** The load as if its kills had been thrown in that scope. */
export const inScope =
  (scope: Pick<LedgerSwitch, 'scope_type' | 'scope_id'>): Edit =>
  (material) => ({
    ...material,
    ledger: material.ledger.map((line) =>
      line.kind === 'answered' && line.acknowledgedSwitch !== undefined
        ? { ...line, acknowledgedSwitch: { ...line.acknowledgedSwitch, ...scope } }
        : line,
    ),
  });

/** The load as if the kills had never been released. */
export const unreleased: Edit = (material) => ({
  ...material,
  ledger: material.ledger.map((line) => {
    if (line.kind !== 'sent') return line;
    const { releasing: _released, ...rest } = line;
    return rest;
  }),
});

const eventColumns = [
  ...['tenant_id', 'event_id', 'event_type', 'event_category', 'severity', 'request_id', 'trace_id', 'run_id'],
  ...['step_index', 'plane_id', 'job_id', 'actor_id', 'actor_type', 'action', 'resource_type', 'resource_id'],
  ...['outcome', 'evidence', 'payload_bytes', 'integrity_hash', 'leaf_hash', 'occurred_at'],
];

/** A statement that writes an event once more, with other values in some columns (SQL expressions). */
export function copyOf(where: string, change: Readonly<Record<string, string>> = {}): string {
  const values = eventColumns.map((column) => change[column] ?? column);
  return `insert into audit_events (${eventColumns.join(', ')}) select ${values.join(', ')} from audit_events where ${where} limit 1`;
}

/** Statements that write a row once more, past the index that would refuse it. */
export function twinOf(
  table: string,
  { where = 'true', index, change = {} }: { where?: string; index: string; change?: Readonly<Record<string, string>> },
): string[] {
  const changes = Object.entries(change).map(([column, value]) => `${column} = ${value}`);
  return [
    index,
    `create temp table twin on commit drop as select * from ${table} where ${where} limit 1`,
    ...(changes.length > 0 ? [`update twin set ${changes.join(', ')}`] : []),
    `insert into ${table} select * from twin`,
  ];
}
