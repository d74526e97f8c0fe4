import { sql } from 'kysely';
import type { OutboxMessage } from '../../contracts/outbox';

/** The rows by which messages are left with the transaction that causes them. */
export function messageRows(tenantId: string, messages: readonly OutboxMessage[]) {
  return messages.map(({ topic, workflowId, payload }) => ({
    tenant_id: tenantId,
    topic,
    workflow_id: workflowId,
    payload: sql<string>`${JSON.stringify(payload)}::jsonb`,
  }));
}
