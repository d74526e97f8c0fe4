import type { Finder, Material } from '../check';
import { digest } from '../canonical';

type Row = Readonly<Record<string, unknown>>;
type Json = Parameters<typeof digest>[0];

export interface Hashed {
  readonly rule: string;
  readonly query: string;
  readonly id: string;
  readonly name: string;
  /** What of the row its hash is over. */
  row(row: Row): unknown;
}

/** Computes the hash of each row anew. */
export async function hashes({ sql }: Material, look: Finder, { rule, query, id, name, row }: Hashed): Promise<void> {
  const { rows } = await sql.query<Row>(query);
  for (const each of rows) {
    look.examined += 1;
    if (digest(row(each) as Json) !== each.integrity_hash) look.found(rule, { [name]: String(each[id]) });
  }
}

export function pick(row: Row, columns: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    columns.map((name) => [name, row[name] instanceof Date ? (row[name] as Date).toISOString() : row[name]]),
  );
}
