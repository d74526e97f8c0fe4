import type { Finder, Material } from '../check';

/** A tool is reached once for each intent of its call at most, and was reached where the call has succeeded. */
export async function reachedTools({ sql, ledger }: Material, look: Finder): Promise<void> {
  const times = new Map<string, number>();
  for (const line of ledger) {
    if (line.kind !== 'effect' || line.sink !== 'tool') continue;
    look.examined += 1;
    times.set(line.key, (times.get(line.key) ?? 0) + 1);
  }
  if (times.size === 0) return;
  const { rows: more } = await sql.query<{ input_hash: string; reached: number; intents: number }>(
    `select w.input_hash, w.reached, count(i.intent_id)::int as intents
      from unnest($1::text[], $2::int[]) as w (input_hash, reached)
      left join mcp_tool_calls c on c.input_hash = w.input_hash
      left join effect_intents i on i.subject = 'tool:' || c.invocation_id
      group by w.input_hash, w.reached having count(i.intent_id) < w.reached`,
    [[...times.keys()], [...times.values()]],
  );
  for (const each of more) look.found('tool-reached-beyond-its-intents', { ...each });
  const { rows: never } = await sql.query<{ invocation_id: string; tenant_id: string }>(
    `select invocation_id, tenant_id from mcp_tool_calls where outcome = 'succeeded' and input_hash <> all ($1::text[])`,
    [[...times.keys()]],
  );
  for (const each of never) look.found('succeeded-without-reaching-its-tool', { ...each });
}
