import type { Client } from 'pg';

/**
 * Evidence is ordered by the ids of the transactions that wrote it. After a logical restore into a new server these ids
 * begin anew, below those of the evidence: whoever follows a plane is then told nothing until the server has caught up.
 * Answers the epoch (the upper half of an id) that would put things right, or undefined while they are.
 */
export async function epochWanted(client: Client): Promise<number | undefined> {
  // Ids rise with time, so the last events will do; the table may be long.
  const { rows } = await client.query<{ highest: string; next: string }>(`
    select highest::text, pg_snapshot_xmax(pg_current_snapshot())::text as next from (
      select xact_id as highest from (select xact_id from audit_events order by recorded_at desc limit 1000) latest
      order by xact_id desc limit 1) h`);
  const [found] = rows;
  if (found === undefined || BigInt(found.highest) < BigInt(found.next)) return undefined;
  return Number(BigInt(found.highest) >> 32n) + 1;
}

export function epochWarning(epoch: number): string {
  return (
    'Warning: the evidence in this database comes from a server that had counted further. Streams of planes stay silent ' +
    `until this one has caught up. With all else stopped: pg_resetwal --epoch=${epoch} on its stopped server (docs/operations.md).`
  );
}
