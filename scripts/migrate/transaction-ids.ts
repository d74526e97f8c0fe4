import type { Client } from 'pg';
import { StartError } from '../stack/terminal';

/**
 * Evidence is ordered by the ids of the transactions that wrote it, when it is sealed and when a plane is followed. After
 * a logical restore into a new server these ids begin anew, below those of the evidence: what is written then would never
 * be sealed, nor told. So nothing starts on such a database; the message says how its server is put right.
 */
export async function refuseEvidenceAhead(client: Client): Promise<void> {
  // Ids rise with time, so the last events will do; the table may be long.
  const { rows } = await client.query<{ highest: string; next: string }>(`
    select highest::text, pg_snapshot_xmax(pg_current_snapshot())::text as next from (
      select xact_id as highest from (select xact_id from audit_events order by recorded_at desc limit 1000) latest
      order by xact_id desc limit 1) h`);
  const [found] = rows;
  if (found === undefined || BigInt(found.highest) < BigInt(found.next)) return;
  // The upper half of an id, which the server's tool sets.
  const epoch = (BigInt(found.highest) >> 32n) + 1n;
  throw new StartError(
    'The evidence in this database comes from a server that had counted more transactions than this one, so new evidence ' +
      `could not be sealed. Stop the server, run pg_resetwal --epoch=${epoch} on it, start it again (docs/operations.md, Backup and restore).`,
  );
}
