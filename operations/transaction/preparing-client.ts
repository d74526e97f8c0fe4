import { Client, type QueryResult } from 'pg';

const namesMax = 400;
const textMax = 16_000;
// The first use of a text may well be its last: lists of changing length give ever new texts.
const usesBeforeName = 2;

type Query = (query: unknown, values?: unknown, callback?: unknown) => Promise<QueryResult>;

const uses = new Map<string, number>();
const names = new Map<string, string>();
let made = 0;

/**
 * A connection that names the statements that come again, so that the server parses and plans each once: with
 * row-level security planning is most of a short statement's time. The number of names is bounded.
 */
export class PreparingClient extends Client {
  // The base class declares a dozen forms; this one passes all of them on.
  protected prepared: Query = (query, values, callback) => {
    const send = Client.prototype.query.bind(this) as unknown as Query;
    const isPlain = typeof query === 'string' && Array.isArray(values) && callback === undefined;
    const name = isPlain && values.length > 0 ? nameOf(query) : undefined;
    if (name === undefined) return send(query, values, callback);
    return send({ name, text: query, values }).catch((error: unknown) => {
      // A migration changed what the statement returns; under a new name it is planned anew.
      if (isStalePlan(error)) names.delete(query as string);
      throw error;
    });
  };

  override query = this.prepared as Client['query'];
}

export function isStalePlan(error: unknown): boolean {
  return error instanceof Error && error.message === 'cached plan must not change result type';
}

function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (made >= namesMax || text.length > textMax) return undefined;
  const count = (uses.get(text) ?? 0) + 1;
  if (count <= usesBeforeName) {
    if (uses.size > namesMax * 10) uses.clear();
    uses.set(text, count);
    return undefined;
  }
  uses.delete(text);
  made += 1;
  const name = `aos_${made}`;
  names.set(text, name);
  return name;
}
