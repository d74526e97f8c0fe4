import { sql } from 'kysely';
import type { StreamPosition } from '../../contracts/stream-position';
import type { Database } from '../transaction/database';
import { toEngineFault } from '../transaction/faults';

/** An audit event as a stream of a plane carries it. */
export interface FollowedEvent {
  readonly position: StreamPosition;
  readonly eventId: string;
  readonly eventType: string;
  readonly occurredAt: string;
  readonly outcome: string;
  readonly action: string;
  readonly jobId: string | null;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
}

/** One look at a plane. */
export interface PlaneLook {
  readonly isPurged: boolean;
  /** Differs when the plane's state or progress does. */
  readonly mark: string;
  readonly events: readonly FollowedEvent[];
  /** Behind everything that this look has shown: from here the next one goes on. */
  readonly next: StreamPosition;
  /** Something has happened that is not among the events yet. */
  readonly hasMore: boolean;
}

/** Looks at a plane from a position on, or from now on; undefined when the tenant has none of this id. */
export type LookAtPlane = (
  tenantId: string,
  planeId: string,
  after: StreamPosition | undefined,
) => Promise<PlaneLook | undefined>;

interface LookRow {
  readonly status: string;
  readonly mark: string;
  readonly settled: string;
  readonly has_unsettled: boolean;
  readonly events: readonly EventRow[];
}

interface EventRow {
  readonly xact_id: string | number;
  readonly ordinal: number;
  readonly event_id: string;
  readonly event_type: string;
  readonly occurred_at: string;
  readonly outcome: string;
  readonly action: string;
  readonly job_id: string | null;
  readonly evidence: Readonly<Record<string, unknown>> | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
}

const eventsPerLookMax = 100;
// No transaction has this id yet, so that nothing comes after it.
const fromNow = { xact: 18_446_744_073_709_551_615n, ordinal: 0n };

export function createLookAtPlane(db: Database): LookAtPlane {
  return async (tenantId, planeId, after = fromNow) => {
    const row = await look(db, tenantId, planeId, after);
    if (row === undefined) return undefined;
    const events = row.events.map(toEvent);
    const last = events.at(-1);
    const isFull = events.length === eventsPerLookMax && last !== undefined;
    return {
      isPurged: row.status === 'purged',
      mark: row.mark,
      events,
      next: isFull ? last.position : { xact: BigInt(row.settled), ordinal: 0n },
      hasMore: isFull || row.has_unsettled,
    };
  };
}

async function look(db: Database, tenantId: string, planeId: string, { xact, ordinal }: StreamPosition) {
  try {
    const { rows } = await sql<LookRow>`select * from aos_follow_plane(${tenantId}, ${planeId}, ${String(xact)},
      ${String(ordinal)}::bigint, ${eventsPerLookMax})`.execute(db);
    return rows[0];
  } catch (error) {
    throw toEngineFault(error);
  }
}

function toEvent(row: EventRow): FollowedEvent {
  return {
    position: { xact: BigInt(row.xact_id), ordinal: BigInt(row.ordinal) },
    eventId: row.event_id,
    eventType: row.event_type,
    occurredAt: new Date(row.occurred_at).toISOString(),
    outcome: row.outcome,
    action: row.action,
    jobId: row.job_id,
    evidence: row.evidence ?? {},
    errorCode: row.error_code,
    errorMessage: row.error_message,
  };
}
