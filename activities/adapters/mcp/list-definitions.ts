import type { Client } from '@modelcontextprotocol/client';
import type { UpstreamLimits } from './limits';
import type { Definitions } from './port';
import { strangersWords } from './strangers-words';
import type { Exchange } from './exchange';

const lists = {
  tools: { method: 'tools/list', capability: 'tools' },
  resources: { method: 'resources/list', capability: 'resources' },
  resourceTemplates: { method: 'resources/templates/list', capability: 'resources' },
  prompts: { method: 'prompts/list', capability: 'prompts' },
} as const;

export interface ListOptions {
  readonly kind: keyof typeof lists;
  readonly limits: UpstreamLimits;
}

interface Named {
  readonly name: string;
}

/** All pages of a list, as far as they are taken. What a server does not offer is an empty list. */
export async function listDefinitions<T extends Named>(
  client: Client,
  exchange: Exchange,
  { kind, limits }: ListOptions,
): Promise<Definitions<T>> {
  const items: T[] = [];
  const tooLarge: string[] = [];
  const { method, capability } = lists[kind];
  if (client.getServerCapabilities()?.[capability] === undefined) return { items, isTruncated: false, tooLarge };
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < limits.pages; page += 1) {
    const result = await client.request(
      { method, params: cursor === undefined ? {} : { cursor } },
      { signal: exchange.signal, timeout: timeoutNever },
    );
    for (const item of (result as unknown as Record<string, T[]>)[kind] ?? []) {
      if (items.length + tooLarge.length === limits.definitions) return { items, isTruncated: true, tooLarge };
      if (bytesOf(item) > limits.definitionBytes) tooLarge.push(strangersWords(item.name));
      else items.push(item);
    }
    cursor = (result as { nextCursor?: string }).nextCursor;
    if (cursor === undefined) return { items, isTruncated: false, tooLarge };
    // A server that leads in a circle has shown all that it has.
    if (seen.has(cursor)) break;
    seen.add(cursor);
  }
  return { items, isTruncated: true, tooLarge };
}

/** The exchange keeps the time; the library's own would only come in between. */
export const timeoutNever = 2 ** 31 - 1;

function bytesOf(item: unknown): number {
  return Buffer.byteLength(JSON.stringify(item));
}
