import { sql } from 'kysely';
import type { CheckpointCopy, CheckpointTarget } from '../../contracts/checkpoint-copies';
import { advisoryLockClasses } from '../transaction/advisory-locks';
import type { Database } from '../transaction/database';

const copiesMax = 200;
const roundsMax = 50;
const backoffMaxSeconds = 300;

/**
 * Brings every checkpoint to the place, in order, at least once: the cursor moves only when the place has kept them.
 * Returns how many were copied. `db` is of the system role.
 */
export async function copyCheckpoints(
  db: Database,
  target: CheckpointTarget,
  reachBarrier: (name: 'seal.checkpoints-copied') => void = () => {},
): Promise<number> {
  let copied = 0;
  for (let round = 0; round < roundsMax; round += 1) {
    const count = await copySome(db, target, reachBarrier);
    copied += count;
    if (count < copiesMax) break;
  }
  return copied;
}

async function copySome(
  db: Database,
  target: CheckpointTarget,
  reachBarrier: (name: 'seal.checkpoints-copied') => void,
): Promise<number> {
  // The column rounds to milliseconds, and half of the time up: a new place would not be due yet.
  await sql`insert into audit_checkpoint_copies (target, next_attempt_at)
    values (${target.name}, date_trunc('milliseconds', now())) on conflict do nothing`.execute(db);
  const outcome = await db.transaction().execute(async (tx) => {
    // Locks the place without writing: a transaction that writes has an id, and sealing would wait for the place with it.
    const { rows: places } = await sql<{ last: string }>`select last_seq::text as last from audit_checkpoint_copies
      where target = ${target.name} and next_attempt_at <= now()
        and pg_try_advisory_xact_lock(${advisoryLockClasses.checkpointTarget}, hashtext(target))`.execute(tx);
    const [place] = places;
    if (place === undefined) return { count: 0 };
    // Sealing is one transaction after the other, so no checkpoint with a lower number can still appear.
    const { rows } = await sql<CheckpointCopy & { seq: string }>`
      select seq::text, checkpoint_id, tenant_id, epoch, tree_size::float8 as tree_size, key_id, note,
        to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as created_at
      from audit_checkpoints where seq > ${place.last}::bigint order by audit_checkpoints.seq limit ${copiesMax}`.execute(
      tx,
    );
    const last = rows.at(-1);
    if (last === undefined) return { count: 0 };
    try {
      await target.copy(rows.map(({ seq: _seq, ...copy }) => copy));
    } catch (error) {
      await sql`update audit_checkpoint_copies set attempts = attempts + 1, last_error = ${messageOf(error)},
        next_attempt_at = now() + least(power(2, least(attempts, 12)), ${backoffMaxSeconds}) * interval '1 second'
        where target = ${target.name}`.execute(tx);
      return { count: 0, error };
    }
    reachBarrier('seal.checkpoints-copied');
    await sql`update audit_checkpoint_copies set last_seq = ${last.seq}::bigint, copied_at = now(), attempts = 0,
      last_error = null where target = ${target.name}`.execute(tx);
    return { count: rows.length };
  });
  if ('error' in outcome) throw outcome.error;
  return outcome.count;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 500) : 'unknown';
}
