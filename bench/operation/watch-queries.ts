import { Client } from 'pg';

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly beganMs: number;
  endedMs: number;
}

type Query = (this: Client, ...args: unknown[]) => unknown;

/** Sees every statement that any connection of this process sends while `record` runs. */
export function watchQueries() {
  let current: Statement[] | undefined;
  const prototype = Client.prototype as unknown as { query: Query };
  const original = prototype.query;
  prototype.query = function query(...args) {
    // Sending is part of the wait: on one machine the server may be at work before the call returns.
    const beganMs = performance.now();
    const answer = original.apply(this, args);
    if (current === undefined || !(answer instanceof Promise)) return answer;
    const statement = { ...textOf(args), beganMs, endedMs: NaN };
    current.push(statement);
    return answer.finally(() => (statement.endedMs = performance.now()));
  };
  return {
    async record(work: () => Promise<unknown>): Promise<Statement[]> {
      const statements: Statement[] = [];
      current = statements;
      try {
        await work();
      } finally {
        current = undefined;
      }
      return statements;
    },
  };
}

function textOf([query, values = []]: readonly unknown[]): { text: string; values: unknown[] } {
  if (typeof query === 'string') return { text: query, values: values as unknown[] };
  const config = query as { text: string; values?: unknown[] };
  return { text: config.text, values: config.values ?? [] };
}
