import { randomBytes, randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { partOf } from './parts';
import type { Statement } from './watch-queries';

interface BareStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Columns that the database fills by itself. */
const filled = new Set(['ordinal', 'xact_id', 'recorded_at', 'created_at', 'next_attempt_at']);

/**
 * The statements of one governed call as a plain program would send them: the reads and the business rows as recorded,
 * then the audit rows, the message and the idempotency record with its result; no tenant, grants, fence, claim or
 * savepoint.
 */
export async function plainStatements(
  client: Client,
  recorded: readonly Statement[],
  { planeId, idempotencyKey }: { planeId: string; idempotencyKey: string },
): Promise<readonly BareStatement[]> {
  const business = recorded.filter((statement) => ['facts', 'handler'].includes(partOf(statement)));
  const insert = async (table: string, where: string, value: string, leftOut: readonly string[] = []) => {
    const { rows } = await client.query<Record<string, unknown>>(`select * from ${table} where ${where} = $1`, [value]);
    return insertOf(table, rows, new Set([...filled, ...leftOut]));
  };
  return [
    ...business,
    await insert('audit_events', 'plane_id', planeId),
    await insert('event_outbox', `payload->>'planeId'`, planeId, ['id', 'published_at', 'attempts', 'last_error']),
    await insert('idempotency_records', 'key', idempotencyKey),
  ];
}

/** Only what adds rows: no look for a namesake, no lock, no change of the rows just made. */
export function insertsOnly(statements: readonly BareStatement[]): readonly BareStatement[] {
  return statements.filter(({ text }) => /^\s*insert/.test(text));
}

function insertOf(table: string, rows: readonly Record<string, unknown>[], leftOut: ReadonlySet<string>) {
  const columns = Object.keys(rows[0] ?? {}).filter((name) => !leftOut.has(name));
  if (columns.length === 0) throw new Error(`The governed call left no row in ${table}.`);
  const places = rows.map(
    (_, row) => `(${columns.map((_column, at) => `$${row * columns.length + at + 1}`).join(', ')})`,
  );
  return {
    text: `insert into ${table} (${columns.join(', ')}) values ${places.join(', ')}`,
    values: rows.flatMap((row) => columns.map((name) => asText(row[name]))),
  };
}

function asText(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value) ? JSON.stringify(value) : value;
}

/** Prepares one more call with identifiers of its own, and returns it: one transaction on one connection. */
export function nextCall(client: Client, statements: readonly BareStatement[]): () => Promise<void> {
  const renewed = renew(statements);
  return async () => {
    await client.query('begin');
    for (const { text, values } of renewed) await client.query(text, values as unknown[]);
    await client.query('commit');
  };
}

const madeToken =
  /(bench |kp_|src_|job_|tr_|evt_|key-)[0-9a-f]{12,24}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function renew(statements: readonly BareStatement[]): readonly BareStatement[] {
  const tokens = new Map<string, string>();
  const replace = (token: string, prefix: string | undefined) => {
    const known = tokens.get(token);
    if (known !== undefined) return known;
    const digits = token.length - (prefix?.length ?? 0);
    const made = prefix === undefined ? randomUUID() : prefix + randomBytes(digits / 2).toString('hex');
    tokens.set(token, made);
    return made;
  };
  return statements.map(({ text, values }) => ({
    text,
    values: values.map((value) => (typeof value === 'string' ? value.replaceAll(madeToken, replace) : value)),
  }));
}
