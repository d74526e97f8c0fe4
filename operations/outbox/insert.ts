import { sql } from 'kysely';
import type { OutboxMessage } from '../../contracts/outbox';

export interface Outgoing {
  readonly message: OutboxMessage;
  /** From the commit on; none for at once. */
  readonly afterSeconds: number;
}

/** The rows by which messages are left with the transaction that causes them. */
export function messageRows(tenantId: string, messages: readonly Outgoing[]) {
  return messages.map(({ message: { topic, workflowId, payload }, afterSeconds }) => ({
    tenant_id: tenantId,
    topic,
    workflow_id: workflowId,
    payload: sql<string>`${JSON.stringify(payload)}::jsonb`,
    next_attempt_at: sql<Date>`now() + ${afterSeconds} * interval '1 second'`,
  }));
}
