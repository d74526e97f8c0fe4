import type { Client, FieldDef } from 'pg';
import { refusal } from '../../../../contracts/errors';
import type { SqlColumns } from '../../../../contracts/sql-templates';
import { sqlLimits } from './limits';
import type { SqlFailure } from './sql-faults';

/** Types that have one text form and an order, by their numbers: what a reading can go on behind. */
const idTypes: Readonly<Record<number, string>> = {
  19: 'name',
  20: 'bigint',
  21: 'smallint',
  23: 'integer',
  25: 'text',
  1042: 'bpchar',
  1043: 'varchar',
  1082: 'date',
  1114: 'timestamp',
  1184: 'timestamptz',
  1700: 'numeric',
  2950: 'uuid',
};
const byteaType = 17;

export interface RowQuery {
  readonly text: string;
  /** Columns whose text a row brings, in order, behind the id and the size. */
  readonly shown: readonly string[];
}

interface Described {
  readonly client: Client;
  readonly statement: string;
  readonly values: readonly unknown[];
  readonly columns: SqlColumns;
  readonly failure: SqlFailure;
}

/**
 * Asks the server which columns the template has, and puts the query around it that orders rows by id, begins behind
 * the last one, and leaves the texts of rows away that are too large.
 */
export async function buildRowQuery(described: Described, isResumed: boolean): Promise<RowQuery> {
  const { columns, statement, values } = described;
  const fields = await describe(described);
  const id = requireField(fields, columns.id, described.failure);
  const idType = idTypes[id.dataTypeID];
  if (idType === undefined) {
    throw refusal(described.failure, `the id column ${columns.id} has no plain type: cast it to text in the template`);
  }
  const named = [...(columns.content === undefined ? [] : [columns.content]), ...columns.metadata];
  for (const name of named) requireField(fields, name, described.failure);
  const shown = named.length > 0 ? [...new Set(named)] : fields.map(({ name }) => name);
  const binary = fields.find(({ name, dataTypeID }) => shown.includes(name) && dataTypeID === byteaType);
  if (binary !== undefined) {
    throw refusal(described.failure, `the column ${binary.name} is binary: leave it away, or make text of it`);
  }
  const texts = shown.map((name) => `q.${quoted(name)}::text`);
  const bytes = texts.map((text) => `coalesce(octet_length(${text}), 0)::bigint`).join(' + ');
  // A null id is kept in sight: it is refused, never passed over.
  const start = `$${values.length + 1}::${idType}`;
  const behind = isResumed ? `where q.${quoted(columns.id)} > ${start} or q.${quoted(columns.id)} is null` : '';
  const cells = texts.map((text) => `case when ${bytes} <= ${sqlLimits.rowBytesMax} then ${text} end`);
  return {
    text: `select q.${quoted(columns.id)}::text, ${bytes}, ${cells.join(', ')}
      from (${statement}\n) as q ${behind} order by q.${quoted(columns.id)}`,
    shown,
  };
}

async function describe({ client, statement, values }: Described): Promise<readonly FieldDef[]> {
  const { fields } = await client.query({
    // A name makes pg speak the protocol that takes one statement only, whatever the values.
    name: 'aos_describe',
    text: `select * from (${statement}\n) as q limit 0`,
    values: [...values],
  });
  return fields;
}

function requireField(fields: readonly FieldDef[], name: string, failure: SqlFailure): FieldDef {
  const found = fields.filter((field) => field.name === name);
  if (found.length === 1 && found[0] !== undefined) return found[0];
  throw refusal(
    failure,
    `the template's query has ${found.length === 0 ? 'no column' : 'more than one column'} named ${name}`,
  );
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
