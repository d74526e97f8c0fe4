import { readFileSync } from 'node:fs';
import type { Check, Finder, Material } from '../check';
import { sha256 } from '../canonical';
import { payloadsOf } from '../histories';

/** A key of AOS in clear: 32 random bytes in base64url. Rows hold its hash and the first eight characters only. */
const keyPattern = 'aos_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])';

/** I7: planted secrets, and keys of AOS itself, stand in no row, history or log. Findings name the place, not the secret. */
export const secrets: Check = {
  invariant: 'I7',
  promise: 'no secret is written anywhere',
  async run(material, look) {
    if (material.secrets.length === 0)
      look.notJudged.push('no planted secrets were named: only keys of AOS were looked for');
    if (material.logFiles.length === 0) look.notJudged.push('no logs were handed over');
    await tables(material, look);
    for (const { workflowId, runId, history } of material.histories) {
      look.examined += 1;
      const texts = [JSON.stringify(history), ...[...payloadsOf(history)].map((each) => each.toString('utf8'))];
      for (const which of leaksIn(texts, material))
        look.found('secret-in-history', { workflow_id: workflowId, run_id: runId, which });
    }
    for (const file of material.logFiles) {
      look.examined += 1;
      for (const which of leaksIn([readFileSync(file, 'utf8')], material)) look.found('secret-in-log', { file, which });
    }
  },
};

function leaksIn(texts: readonly string[], { secrets: planted }: Material): string[] {
  const hasKey = texts.some((each) => new RegExp(keyPattern).test(each));
  const leaked = planted.filter((secret) => texts.some((each) => each.includes(secret)));
  return [...leaked.map(nameOf), ...(hasKey ? ['a key of AOS'] : [])];
}

const nameOf = (secret: string) => `secret with SHA-256 ${sha256(secret).slice(0, 12)}…`;

interface Column {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

// Of a partitioned table the whole; of bytes also their text.
async function tables({ sql, secrets: planted }: Material, look: Finder): Promise<void> {
  const { rows } = await sql.query<Column>(
    `select c.table_schema as schema, c.table_name as table, c.column_name as column, c.udt_name as type
      from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
        and c.udt_name in ('text', 'varchar', 'bpchar', 'json', 'jsonb', '_text', '_varchar', 'bytea')`,
  );
  for (const { schema, table, column, type } of rows) {
    const isBytes = type === 'bytea';
    const value = isBytes ? `encode("${column}", 'escape')` : `"${column}"::text`;
    const holds = isBytes ? `position(convert_to(s, 'UTF8') in "${column}")` : `position(s in "${column}"::text)`;
    const { rows: leaks } = await sql.query<{ n: number; planted: string | null; keys: number }>(
      `select count(*)::int as n, (count(*) filter (where value ~ $1))::int as keys,
        (select string_agg(s, E'\\n') from unnest($2::text[]) s
          where exists (select from "${schema}"."${table}" where ${holds} > 0)) as planted
        from (select ${value} as value from "${schema}"."${table}") t where value is not null`,
      [keyPattern, planted],
    );
    const [leak] = leaks;
    look.examined += leak?.n ?? 0;
    const which = [
      ...(leak?.planted?.split('\n').map(nameOf) ?? []),
      ...(leak !== undefined && leak.keys > 0 ? ['a key of AOS'] : []),
    ];
    for (const each of which) look.found('secret-in-table', { table, column, which: each });
  }
}
