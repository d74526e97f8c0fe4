import type { QueryResult } from 'pg';
import { quiet } from './in-line';
import { PreparingClient } from './preparing-client';

/** Ends the text of a statement behind which its transaction commits, if it succeeds. */
export const thenCommit = '/* then commit */';

// What begins a transaction: nobody reads the answer.
const leading = /^(begin$|start transaction|savepoint |select set_config\('aos\.tenant')/;
const readOnly = /^start transaction read only$/;
const endOfReadingMs = 5;

const nothing = { rows: [], rowCount: 0, command: '' } as unknown as QueryResult;

/**
 * For pools with `pipeline`: on a short statement the way to the server and back is most of the cost. The first statements
 * of a transaction are not waited for: they travel with the one behind them, which fails if one of them did. A commit
 * travels with the statement that announces it. The end of a transaction that only reads is not waited for, and travels
 * with what comes next.
 */
export class PipeliningClient extends PreparingClient {
  #leading: Promise<unknown>[] = [];
  #committing: Promise<QueryResult> | undefined;
  #onlyReads = false;
  #letGoLater: (() => void) | undefined;

  override query = ((text: unknown, values?: unknown, callback?: unknown) => {
    const isPlain = typeof text === 'string' && Array.isArray(values) && callback === undefined;
    if (!isPlain) return this.prepared(text, values, callback);
    if (leading.test(text)) return this.#lead(text, values);
    if (text === 'commit' || text === 'rollback') return this.#end(text);
    const answer = this.#follow(text, values);
    if (text.endsWith(thenCommit) && values.every(isEncoded)) this.#committing = quiet(this.prepared('commit'));
    this.#letGoSoon();
    return answer;
  }) as PreparingClient['query'];

  #lead(text: string, values: readonly unknown[]): Promise<QueryResult> {
    if (text === 'begin' || text.startsWith('start')) this.#onlyReads = readOnly.test(text);
    this.#holdBack((letGo) => setImmediate(letGo));
    this.#leading.push(quiet(this.prepared(text, values)));
    return Promise.resolve(nothing);
  }

  async #follow(text: string, values?: readonly unknown[]): Promise<QueryResult> {
    const leaders = this.#leading;
    this.#leading = [];
    this.#holdBack((letGo) => setImmediate(letGo));
    const answer = quiet(this.prepared(text, values));
    if (leaders.length > 0) await Promise.all(leaders);
    return answer;
  }

  #end(text: 'commit' | 'rollback'): Promise<QueryResult> {
    const committing = this.#committing;
    this.#committing = undefined;
    // Behind a statement that failed the server has made a rollback of it.
    if (committing !== undefined) return committing;
    if (text === 'commit' && this.#onlyReads) {
      this.#onlyReads = false;
      this.#holdBack((letGo) => setTimeout(letGo, endOfReadingMs).unref());
      // Whoever uses the connection next hears of a loss.
      void quiet(this.prepared(text));
      return Promise.resolve(nothing);
    }
    const answer = this.#follow(text);
    this.#letGoSoon();
    return answer;
  }

  // One packet for what is written before it is let go, by the next statement or, should none come, by the timer.
  #holdBack(later: (letGo: () => void) => unknown): void {
    if (this.#letGoLater !== undefined) return;
    const letGo = () => this.#letGoLater === letGo && this.#letGo();
    this.#letGoLater = letGo;
    this.connection.stream.cork();
    later(letGo);
  }

  // After what whoever sent this has to say without waiting for an answer.
  #letGoSoon(): void {
    process.nextTick(() => this.#letGo());
  }

  #letGo(): void {
    if (this.#letGoLater === undefined) return;
    this.#letGoLater = undefined;
    this.connection.stream.uncork();
  }
}

// What the driver cannot encode it never sends, and a commit behind it would keep what came before. Only the server can
// refuse these.
function isEncoded(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isEncoded);
  return typeof value !== 'object' || value === null || Buffer.isBuffer(value) || value instanceof Date;
}
