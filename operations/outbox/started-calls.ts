import { sql } from 'kysely';
import type { Database } from '../transaction/database';

export interface StartedCalls {
  /** The workflow runs, whoever started it: its message need not be delivered any more. */
  add(workflowId: string): void;
  /** Writes down what was added so far; as often as one likes. */
  flush(): Promise<void>;
}

export interface StartedCallsOptions {
  /** Of the system role. */
  readonly db: Database;
  readonly onError: (error: unknown) => void;
  readonly intervalMs?: number;
}

/**
 * Takes messages of started calls out of the relay's way, many at a time. What is lost here is delivered once more, and
 * finds the workflow there.
 */
export function createStartedCalls({ db, onError, intervalMs = 1_000 }: StartedCallsOptions): StartedCalls {
  let started: string[] = [];
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const ids = started;
    started = [];
    if (ids.length === 0) return;
    await sql`
      update event_outbox set published_at = now() where id in (
        select id from event_outbox where published_at is null and topic = 'tool.call' and workflow_id = any(${ids})
        for update skip locked)`
      .execute(db)
      .catch(onError);
  }

  return {
    add(workflowId) {
      started.push(workflowId);
      timer ??= setTimeout(() => void flush(), intervalMs).unref();
    },
    flush,
  };
}
