import { sql } from 'kysely';
import type { Transaction } from '../transaction/database';

/** The actor and whoever stands behind it: the maker of its key, the maker of that one's, and so on. */
export async function principalsBehind(tx: Transaction, tenantId: string, actorId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with recursive behind(id, depth) as (
      select ${actorId}::text, 0
      union
      select k.created_by::text, b.depth + 1 from api_keys k join behind b on b.id = k.key_id
      where k.tenant_id = ${tenantId} and b.depth < 32
    )
    select distinct id from behind`.execute(tx);
  return rows.map(({ id }) => id).sort();
}
