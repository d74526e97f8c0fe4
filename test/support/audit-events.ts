import { createHash, randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { leafHash } from '../../evidence/merkle/hash';

export interface AppendedEvent {
  readonly eventId: string;
  readonly bytes: Buffer;
}

/** Appends events as the audit writer does, in the client's transaction or one of their own. */
export async function appendEvents(client: Client, tenantId: string, count = 1): Promise<readonly AppendedEvent[]> {
  const events = Array.from({ length: count }, () => {
    const eventId = `evt_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
    return { eventId, bytes: Buffer.from(JSON.stringify({ event_id: eventId, tenant_id: tenantId })) };
  });
  await client.query(
    `insert into audit_events (tenant_id, event_id, event_type, event_category, action, outcome, payload_bytes,
      integrity_hash, leaf_hash, occurred_at)
    select $1, e.id, 'TenantCreated', 'configuration', 'test', 'success', e.bytes, e.hash, e.leaf, now()
    from unnest($2::text[], $3::bytea[], $4::text[], $5::bytea[]) as e (id, bytes, hash, leaf)`,
    [
      tenantId,
      events.map(({ eventId }) => eventId),
      events.map(({ bytes }) => bytes),
      events.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex')),
      events.map(({ bytes }) => leafHash(bytes)),
    ],
  );
  return events;
}
