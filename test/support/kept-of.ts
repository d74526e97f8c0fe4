import type { TestStack } from './stack';

/** Where a text stands in the clear: the tables of the database that hold it, and lines of the logs. */
export async function keptOf(
  { owner, logLines }: Pick<TestStack, 'owner' | 'logLines'>,
  text: string,
): Promise<{ readonly tables: readonly string[]; readonly lines: readonly string[] }> {
  const { rows } = await owner.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
  );
  const tables: string[] = [];
  for (const { name } of rows) {
    const found = await owner.query(`select 1 from "${name}" as t where position($1 in t::text) > 0 limit 1`, [text]);
    if (found.rows.length > 0) tables.push(name);
  }
  return { tables, lines: logLines.filter((line) => line.includes(text)) };
}
