import { refusal } from '../../../../contracts/errors';
import type { SqlConnection } from '../../../../contracts/sql-connections';
import type { SqlColumns } from '../../../../contracts/sql-templates';
import { sqlLimits } from './limits';
import { openSession, type SqlSession } from './open-session';
import { requireReaderRole } from './require-reader-role';
import { buildRowQuery } from './row-query';
import type { SqlFailure } from './sql-faults';

export interface SqlRow {
  readonly id: string;
  readonly bytes: number;
  /** By column; null where the value is null. */
  readonly texts: Readonly<Record<string, string | null>>;
}

export interface RowStream {
  isAlive(): boolean;
  /** The next rows in the order of their ids, at most that many; fewer only at the end. */
  read(rowsMax: number, signal: AbortSignal): Promise<readonly SqlRow[]>;
  close(): Promise<void>;
}

export interface RowStreamInput {
  readonly connection: SqlConnection;
  readonly statement: string;
  readonly values: readonly unknown[];
  readonly columns: SqlColumns;
  /** Rows behind this id only. */
  readonly after: string | null;
  readonly failure: SqlFailure;
  readonly statementTimeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * The rows of a template from one view of the data. The cursor is declared, not a suspended portal: so each fetch has a
 * time-out of its own, and Postgres itself refuses anything but a query that only reads.
 */
export async function openRowStream(input: RowStreamInput): Promise<RowStream> {
  const { connection, after, failure, signal } = input;
  const session = await openSession(connection, input.statementTimeoutMs);
  try {
    const shown = await session.underSignal(signal, async () => {
      await requireReaderRole(session.client, { failure, allowWritableRole: connection.allowWritableRole });
      const query = await buildRowQuery({ ...input, client: session.client }, after !== null);
      const values = after === null ? input.values : [...input.values, after];
      await session.client.query({
        name: 'aos_declare',
        text: `declare aos_rows no scroll cursor for ${query.text}`,
        values: [...values],
      });
      return query.shown;
    });
    return createStream(session, { shown, after, failure, fetchMsMax: input.statementTimeoutMs + graceMs });
  } catch (error) {
    await session.close();
    throw error;
  }
}

interface StreamState {
  readonly shown: readonly string[];
  readonly after: string | null;
  readonly failure: SqlFailure;
  readonly fetchMsMax: number;
}

// A template may take the server's time-out away for what comes after it; this one it cannot reach.
const graceMs = 5_000;

function createStream(session: SqlSession, { shown, after, failure, fetchMsMax }: StreamState): RowStream {
  let last = after;
  return {
    isAlive: session.isAlive,
    close: session.close,
    async read(rowsMax, signal) {
      const found: SqlRow[] = [];
      while (found.length < rowsMax) {
        const wanted = Math.min(sqlLimits.rowsPerFetch, rowsMax - found.length);
        const bounded = AbortSignal.any([signal, AbortSignal.timeout(fetchMsMax)]);
        const rows = await session.underSignal(bounded, () => fetchRows(session, wanted));
        for (const [id, bytes, ...texts] of rows) {
          last = requireId(id ?? null, last, failure);
          found.push({
            id: last,
            bytes: Number(bytes),
            texts: Object.fromEntries(shown.map((name, i) => [name, texts[i] ?? null])),
          });
        }
        if (rows.length < wanted) break;
      }
      return found;
    },
  };
}

async function fetchRows({ client }: SqlSession, count: number): Promise<(string | null)[][]> {
  const { rows } = await client.query<(string | null)[]>({
    text: `fetch ${count} from aos_rows`,
    rowMode: 'array',
    types: { getTypeParser: () => (value: string | Buffer) => value },
  });
  return rows;
}

function requireId(id: string | null, last: string | null, failure: SqlFailure): string {
  if (id === null) throw refusal(failure, 'the id column is null in some row: every row needs a name');
  if (id === last) throw refusal(failure, 'the id column has the same value in two rows: every row needs its own name');
  if (id === '' || id.length > sqlLimits.idCharactersMax) {
    throw refusal(
      failure,
      `the id column holds an empty value, or one of more than ${sqlLimits.idCharactersMax} characters`,
    );
  }
  return id;
}
