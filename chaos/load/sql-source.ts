import type { LoadClient } from './client';

/** A source over the customer's database, with a template of its own; undefined when none was accepted. */
export async function sqlSource(
  client: LoadClient,
  { name, connection }: { name: string; connection: 'articles' | 'refused' },
) {
  const template = { name, sql: 'select id, body from articles', columns: { id: 'id', content: 'body' } };
  const made = await client.persist({ method: 'POST', path: '/sql-templates', body: template });
  if (made?.status !== 201) return undefined;
  const config = { connection_ref: connection, template_id: made.data.template_id as string };
  return { source_type: 'sql' as const, name: 'articles', config };
}
