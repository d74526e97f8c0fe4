import { sql } from 'kysely';
import { EngineError } from '../../contracts/errors';
import type { Dispatch } from '../catalogue';
import { systemContext } from '../system-context';
import { objectsLock } from '../transaction/advisory-locks';
import type { Database } from '../transaction/database';
import { discardedAtOnceMax } from './discard-objects';
import { referencedObjects } from './object-references';

/** What the sweep needs of the object store; dates are of its clock, keys are SHA-256 in hex. */
export interface SweptObjects {
  listStored(tenantId: string, before: Date): AsyncIterable<readonly string[]>;
  listSetAside(tenantId: string, before: Date): AsyncIterable<readonly { sha256: string; bytes: number }[]>;
  setAside(tenantId: string, sha256: string): Promise<void>;
  takeBack(tenantId: string, sha256: string): Promise<void>;
  discard(tenantId: string, sha256: string): Promise<void>;
  discardHalfWritten(tenantId: string, before: Date): Promise<number>;
}

/** Longer than anything takes from storing bytes to the row that names them. */
const graceMs = 24 * 3_600_000;
const lookedAtOnceMax = 2_000;

export interface SweepCounts {
  setAside: number;
  takenBack: number;
  discarded: number;
  halfWritten: number;
}

interface Sweep {
  readonly db: Database;
  readonly dispatch: Dispatch;
  readonly objects: SweptObjects;
  readonly before: Date;
  readonly counts: SweepCounts;
}

/**
 * Collects objects that no row refers to, as failed and abandoned uploads leave them. Stored more than a day ago and
 * referred to by nobody, they are set aside; a day later they are discarded if still nobody does, or taken back. So bytes
 * have a day to get their row, and one that comes later still finds them. Tenants that the database does not know are
 * left alone. `db` is of the system role; `now` is the store's.
 */
export async function sweepObjects(
  db: Database,
  dispatch: Dispatch,
  objects: SweptObjects,
  now: Date = new Date(),
): Promise<SweepCounts> {
  const counts: SweepCounts = { setAside: 0, takenBack: 0, discarded: 0, halfWritten: 0 };
  const sweep = { db, dispatch, objects, before: new Date(now.getTime() - graceMs), counts };
  const faults: unknown[] = [];
  for (const { tenant_id: tenantId } of await db.selectFrom('tenants').select('tenant_id').execute()) {
    // One tenant whose objects cannot be swept must not keep the others waiting.
    await sweepTenant(sweep, tenantId).catch((error: unknown) => {
      // A switch was thrown, say: the refusal is audited, and the next turn looks again.
      if (!(error instanceof EngineError)) faults.push(error);
    });
  }
  if (faults.length > 0) throw new AggregateError(faults, `the objects of ${faults.length} tenants could not be swept`);
  return counts;
}

async function sweepTenant(sweep: Sweep, tenantId: string): Promise<void> {
  const { objects, before, counts } = sweep;
  for await (const page of objects.listSetAside(tenantId, before)) {
    for (const some of slices(page, discardedAtOnceMax)) {
      if (!(await unlessBackedUp(sweep, () => settle(sweep, tenantId, some)))) return;
    }
  }
  for await (const page of objects.listStored(tenantId, before)) {
    for (const some of slices(page, lookedAtOnceMax)) {
      if (!(await unlessBackedUp(sweep, () => setAside(sweep, tenantId, some)))) return;
    }
  }
  counts.halfWritten += await objects.discardHalfWritten(tenantId, before);
}

async function settle(
  { db, dispatch, objects, counts }: Sweep,
  tenantId: string,
  some: readonly { sha256: string; bytes: number }[],
): Promise<void> {
  const keys = some.map(({ sha256 }) => sha256);
  const referenced = await referencedObjects(db, tenantId, keys);
  let kept: readonly string[] = keys;
  if (referenced.size < some.length) {
    const context = systemContext(tenantId, 'sweeper');
    const request = { params: { objects: [...some] }, idempotencyKey: context.requestId };
    const decided = await dispatch(context, 'maintenance.objects.discard', request);
    kept = decided.kept;
    for (const sha256 of decided.discarded) await objects.discard(tenantId, sha256);
    counts.discarded += decided.discarded.length;
    if (decided.discarded.length > 0) await close(dispatch, tenantId, decided.intentId);
  }
  for (const sha256 of kept) await objects.takeBack(tenantId, sha256);
  counts.takenBack += kept.length;
}

async function close(dispatch: Dispatch, tenantId: string, intentId: string): Promise<void> {
  const request = { params: { intentId }, idempotencyKey: intentId };
  await dispatch(systemContext(tenantId, 'sweeper'), 'maintenance.objects.record_discarded', request);
}

async function setAside({ db, objects, counts }: Sweep, tenantId: string, keys: readonly string[]): Promise<void> {
  const referenced = await referencedObjects(db, tenantId, keys);
  for (const sha256 of keys.filter((key) => !referenced.has(key))) {
    await objects.setAside(tenantId, sha256);
    counts.setAside += 1;
  }
}

/**
 * Answers false, with nothing done, while another worker sweeps or a backup is made: what a backup's database names has
 * to lie where it copies it from.
 */
async function unlessBackedUp({ db }: Sweep, work: () => Promise<void>): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ free: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended(${objectsLock}, 0)) as free`.execute(tx);
    if (rows[0]?.free !== true) return false;
    await work();
    return true;
  });
}

function* slices<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
