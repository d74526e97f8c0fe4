import { randomUUID } from 'node:crypto';
import type { Draw } from '../random';
import type { Answer, LoadClient, Request } from './client';

/**
 * Carries the call out, and now and then also: the same call at the same time under the same key, the same call again
 * afterwards, or another call under its key. The auditor compares the answers.
 */
export async function withDuplicates(client: LoadClient, request: Request, draw: Draw): Promise<Answer | undefined> {
  const keyed = { ...request, key: request.key ?? randomUUID() };
  const twin = draw.chance(0.2) ? client.persist(keyed) : undefined;
  const answer = await client.persist(keyed);
  await twin;
  if (answer !== undefined && draw.chance(0.15)) await client.persist(keyed);
  if (answer !== undefined && draw.chance(0.15)) await client.persist(changed(keyed));
  return answer;
}

/** Another argument that the same route accepts. */
function changed(request: Request): Request {
  if (request.files !== undefined) return { ...request, files: { ...request.files, 'another.md': '# Another\n' } };
  const body = request.body as Record<string, unknown>;
  if ('reason' in body) return { ...request, body: { ...body, reason: `${String(body.reason)}, changed` } };
  if ('input' in body) return { ...request, body: { input: { ...(body.input as object), changed: true } } };
  if ('name' in body) return { ...request, body: { ...body, name: `${String(body.name)}, changed` } };
  return request;
}
