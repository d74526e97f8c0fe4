import type { ExportSelection } from '../../contracts/exports';
import type { PrismaClient, Transaction } from '../client';
import { Prisma } from '../generated/client';
import { readAs } from './read-as';

/** A leaf and the row of its event, whose columns are null where the row is gone. */
export interface SealedEvent {
  readonly index: number;
  readonly leaf_event_id: string;
  readonly leaf_integrity_hash: string;
  readonly previous_hash: string | null;
  readonly leaf_leaf_hash: string;
  readonly payload_bytes: Uint8Array | null;
  /** Every column that the hashed bytes hold too, by its name there. */
  readonly columns: Readonly<Record<string, unknown>>;
}

type Row = Omit<SealedEvent, 'columns'> & { readonly occurred_at: Date | null } & Record<string, unknown>;

/** Events of these leaves, in their order; a leaf that is gone is left out. */
export function readSealedEvents(
  prisma: PrismaClient,
  tenantId: string,
  indexes: { readonly from: number; readonly to: number } | readonly number[],
): Promise<readonly SealedEvent[]> {
  const chosen =
    'from' in indexes
      ? Prisma.sql`l.tenant_sequence >= ${indexes.from} and l.tenant_sequence < ${indexes.to}`
      : Prisma.sql`l.tenant_sequence = any (${indexes}::bigint[])`;
  return readAs(prisma, tenantId, async (tx) => {
    const rows = await tx.$queryRaw<Row[]>`
      select l.tenant_sequence::float8 as index, l.event_id as leaf_event_id, l.integrity_hash as leaf_integrity_hash,
        l.previous_hash, encode(l.leaf_hash, 'hex') as leaf_leaf_hash, e.payload_bytes, e.id::text as id, e.event_id,
        e.tenant_id, e.event_type, e.event_category, e.severity, e.request_id, e.trace_id, e.run_id, e.step_index,
        e.plane_id, e.job_id, e.actor_id, e.actor_type, e.action, e.resource_type, e.resource_id, e.outcome,
        e.policy_id, e.policy_snapshot_id, e.error_code, e.error_message, e.occurred_at, e.evidence,
        e.integrity_hash, encode(e.leaf_hash, 'hex') as leaf_hash
      from audit_leaves l
      left join audit_events e on e.tenant_id = l.tenant_id and e.ordinal = l.ordinal and e.recorded_at = l.recorded_at
      where l.tenant_id = ${tenantId} and ${chosen}
      order by l.tenant_sequence`;
    return rows.map(toSealedEvent);
  });
}

function toSealedEvent(row: Row): SealedEvent {
  const { index, leaf_event_id, leaf_integrity_hash, previous_hash, leaf_leaf_hash, payload_bytes, ...columns } = row;
  return {
    ...{ index, leaf_event_id, leaf_integrity_hash, previous_hash, leaf_leaf_hash, payload_bytes },
    columns: { ...columns, occurred_at: row.occurred_at?.toISOString() ?? null },
  };
}

/** Leaves that an export consists of: all from `from` up to, and without, `to`, or these. */
export type ChosenLeaves = { readonly from: number; readonly to: number } | readonly number[];

/**
 * The leaves of a selection within the first `size`. A period is every leaf from its first event to its last, so that
 * nothing between them can be left out unseen. More than `max` leaves are not listed; then one more than that is.
 */
export function chooseLeaves(
  prisma: PrismaClient,
  tenantId: string,
  { selection, size, max }: { selection: ExportSelection; size: number; max: number },
): Promise<ChosenLeaves> {
  return readAs(prisma, tenantId, async (tx): Promise<ChosenLeaves> => {
    switch (selection.type) {
      case 'all':
        return { from: 0, to: size };
      case 'period':
        return choosePeriod(tx, tenantId, selection, size);
      case 'run':
        return chooseRows(tx, tenantId, Prisma.sql`e.run_id = ${selection.run_id}`, { size, max });
      case 'plane':
        return chooseRows(tx, tenantId, Prisma.sql`e.plane_id = ${selection.plane_id}`, { size, max });
    }
  });
}

async function choosePeriod(
  tx: Transaction,
  tenantId: string,
  { from, to }: Extract<ExportSelection, { type: 'period' }>,
  size: number,
): Promise<ChosenLeaves> {
  const since = from === null ? Prisma.empty : Prisma.sql`and e.occurred_at >= ${from}::timestamptz`;
  const until = to === null ? Prisma.empty : Prisma.sql`and e.occurred_at < ${to}::timestamptz`;
  const [row] = await tx.$queryRaw<{ first: number | null; last: number | null }[]>`
    select min(l.tenant_sequence)::float8 as first, max(l.tenant_sequence)::float8 as last
    from audit_events e join audit_leaves l on l.event_id = e.event_id and l.tenant_id = e.tenant_id
    where e.tenant_id = ${tenantId} and l.tenant_sequence < ${size} ${since} ${until}`;
  return { from: row?.first ?? 0, to: row?.last == null ? 0 : row.last + 1 };
}

async function chooseRows(
  tx: Transaction,
  tenantId: string,
  condition: Prisma.Sql,
  { size, max }: { size: number; max: number },
): Promise<ChosenLeaves> {
  const rows = await tx.$queryRaw<{ index: number }[]>`
    select l.tenant_sequence::float8 as index
    from audit_events e join audit_leaves l on l.event_id = e.event_id and l.tenant_id = e.tenant_id
    where e.tenant_id = ${tenantId} and l.tenant_sequence < ${size} and ${condition}
    order by l.tenant_sequence limit ${max + 1}`;
  return rows.map(({ index }) => index);
}

/** Up to `max` checkpoints of trees of at most `size` leaves, evenly spread, oldest first; the newest is always there. */
export function readCheckpoints(
  prisma: PrismaClient,
  tenantId: string,
  { size, max }: { size: number; max: number },
): Promise<readonly { readonly note: string; readonly size: number }[]> {
  return readAs(
    prisma,
    tenantId,
    (tx) => tx.$queryRaw<{ note: string; size: number }[]>`
      select note, tree_size::float8 as size from (
        select note, tree_size, seq, row_number() over (order by seq desc) - 1 as age, count(*) over () as total
        from audit_checkpoints where tenant_id = ${tenantId} and tree_size <= ${size}) c
      where age % ceil(total / ${max}::float8)::bigint = 0 order by seq`,
  );
}

export interface UnsealedEvents {
  readonly count: number;
  readonly haltedReason: string | null;
}

/** Committed events of the tenant that its tree does not hold yet, counted up to a hundred. */
export function readUnsealed(prisma: PrismaClient, tenantId: string): Promise<UnsealedEvents> {
  return readAs(prisma, tenantId, async (tx) => {
    const [row] = await tx.$queryRaw<{ count: number; halted: string | null }[]>`
      select (select count(*)::int from (
          select from audit_events e where e.tenant_id = ${tenantId}
            and case when s.leftover then e.ordinal <= s.floor_ordinal else
              e.ordinal > s.floor_ordinal and e.xact_id >= coalesce(h.last_xact, '0'::xid8)
              and (e.xact_id, e.ordinal) > (coalesce(h.last_xact, '0'::xid8), coalesce(h.last_ordinal, 0)) end
            and not exists (select from audit_leaves l where l.event_id = e.event_id) limit 100) u) as count,
        h.halted_reason as halted
      from audit_sealing s left join audit_tree_heads h on h.tenant_id = ${tenantId}`;
    return { count: row?.count ?? 0, haltedReason: row?.halted ?? null };
  });
}
