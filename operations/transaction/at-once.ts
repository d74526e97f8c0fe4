import { sql, type Compilable, type QueryCreator } from 'kysely';
import type { DB } from '../../prisma/generated/database';
import type { Transaction } from './database';
import { thenCommit } from './pipelining-client';

interface Write extends Compilable {
  execute(): Promise<unknown>;
}

/** An insert or update that can be a member of a larger statement. */
export type Part = (query: QueryCreator<DB>) => Write;

/**
 * Runs the writes in one statement and returns the ids of the part named `sent`, if there is one. They see the database
 * as it was before all of them, so none may read what another writes. As `last`, they commit the transaction too.
 */
export async function writeAtOnce(
  tx: Transaction,
  parts: Readonly<Record<string, Part | undefined>>,
  { isLast = false }: { readonly isLast?: boolean } = {},
): Promise<readonly string[]> {
  const present = Object.entries(parts).filter((part): part is [string, Part] => part[1] !== undefined);
  const query = present.reduce<QueryCreator<DB>>((all, [name, part]) => all.with(name, part as never) as never, tx);
  const end = sql.raw(isLast ? thenCommit : '');
  if (parts.sent === undefined) {
    await query
      .selectNoFrom(sql`1`.as('done'))
      .modifyEnd(end)
      .execute();
    return [];
  }
  const rows = await query
    .selectFrom(sql<{ id: string }>`sent`.as('s'))
    .select('s.id')
    .modifyEnd(end)
    .execute();
  return rows.map(({ id }) => id);
}
