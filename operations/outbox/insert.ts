import { sql } from 'kysely';
import type { OutboxMessage } from '../../contracts/outbox';
import type { Transaction } from '../transaction/database';

/** Leaves the messages with the transaction that causes them. Returns the row ids. */
export async function insertMessages(
  tx: Transaction,
  tenantId: string,
  messages: readonly OutboxMessage[],
): Promise<readonly string[]> {
  if (messages.length === 0) return [];
  const rows = await tx
    .insertInto('event_outbox')
    .values(
      messages.map(({ topic, workflowId, payload }) => ({
        tenant_id: tenantId,
        topic,
        workflow_id: workflowId,
        payload: sql<string>`${JSON.stringify(payload)}::jsonb`,
      })),
    )
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}
