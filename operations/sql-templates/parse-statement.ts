import { loadModule, parseSync, scanSync } from 'libpg-query';
import { refusal, type EngineError } from '../../contracts/errors';

/** What Postgres calls the pieces of a text; offsets count its UTF-8 bytes. */
export interface SqlToken {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Postgres' own scanner, so that a name inside a string or a comment is not taken for a parameter. */
export async function scanSql(text: string): Promise<readonly SqlToken[]> {
  if (text.trim() === '') throw badSql('the text is empty');
  await loadModule();
  try {
    return scanSync(text).tokens;
  } catch {
    throw badSql('the text ends inside a string or a comment, or cannot be read as SQL');
  }
}

const writes = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/**
 * The query without the semicolon behind it. Refuses what is not exactly one query by Postgres' own grammar. What a
 * query calls is not looked at: the role and the read-only transaction answer for that.
 */
export async function requireOneQuery(text: string): Promise<string> {
  await loadModule();
  const { stmts = [] } = parse(text);
  const [first] = stmts;
  if (stmts.length !== 1) throw badSql(`one statement is wanted, the text holds ${stmts.length}`);
  if (first?.stmt === undefined || !('SelectStmt' in first.stmt)) throw badSql('the statement is no SELECT or VALUES');
  refuseInside(first.stmt);
  // It is read as a part of a larger statement. Only a semicolon gives a statement a length.
  const { stmt_location: start = 0, stmt_len: length } = first;
  return length === undefined ? text : Buffer.from(text).toString('utf8', start, start + length);
}

function parse(text: string) {
  try {
    return parseSync(text);
  } catch (error) {
    throw badSql(
      error instanceof RangeError ? 'the text is nested too deeply' : (error as Error).message.slice(0, 300),
    );
  }
}

// Without recursion: the tree of a text can be as deep as the text is long.
function refuseInside(tree: unknown): void {
  const open = [tree];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    for (const [key, value] of Object.entries(node)) {
      if (writes.has(key)) throw badSql('a query inside the statement writes');
      if (key === 'intoClause') throw badSql('SELECT INTO writes a table');
      if (key === 'lockingClause') throw badSql('FOR UPDATE and FOR SHARE lock rows, which a read-only role may not');
      if (value !== undefined) open.push(value);
    }
  }
}

export function badSql(message: string): EngineError {
  return refusal('validation_error', `sql: ${message}`, { details: { field: 'sql' } });
}
