import { ToolDefinitionSchema, type Discovery } from '../../contracts/tool-schemas';
import { serverCapabilities, toolLimits, type ToolDefinition } from '../../contracts/tools';
import type { Definitions, Handshake } from '../adapters/mcp/port';
import { takeContents, type OfferedContents } from './take-contents';

export interface Offered extends OfferedContents {
  readonly handshake: Handshake;
  readonly tools: Definitions<ToolDefinition>;
  readonly latencyMs: number;
}

type Rejected = Discovery['rejected'][number];

const rejectedMax = 100;
const namesMax = { name: 256, version: 128, title: 256, revision: 16, rejected: 256, message: 500 };

/** What a server offers as it is recorded: what cannot be taken stands in `rejected`, with the reason. */
export function toDiscovery({ handshake, tools, latencyMs, ...offered }: Offered): Discovery {
  const { taken, rejected } = takeTools(tools);
  const { contents, notTaken } = takeContents(offered);
  const { server, protocolRevision } = handshake;
  return {
    protocol_version: storable(protocolRevision, namesMax.revision) || 'unknown',
    capabilities: serverCapabilities.filter((each) => handshake.capabilities[each] !== undefined),
    server_info: {
      name: storable(server?.name, namesMax.name),
      version: storable(server?.version, namesMax.version),
      ...(server?.title !== undefined && { title: storable(server.title, namesMax.title) }),
    },
    latency_ms: Math.round(latencyMs),
    tools: taken,
    contents,
    resource_count: offered.resources.items.length,
    prompt_count: offered.prompts.items.length,
    rejected: [...rejected, ...notTaken.map(({ name, message }) => reject(name, message))].slice(0, rejectedMax),
  };
}

function takeTools({ items, tooLarge, isTruncated }: Definitions<ToolDefinition>) {
  const taken = new Map<string, Discovery['tools'][number]>();
  const rejected: Rejected[] = tooLarge.map((name) => reject(name, 'the definition is too large'));
  for (const item of items) {
    const parsed = ToolDefinitionSchema.safeParse(item);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      rejected.push(reject(item.name, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a definition'}`));
    } else if (taken.has(parsed.data.name)) {
      rejected.push(reject(parsed.data.name, 'two tools have this name; the first is taken'));
    } else {
      taken.set(parsed.data.name, parsed.data);
    }
  }
  if (isTruncated) rejected.push(reject('', `more is listed than the ${toolLimits.toolsPerServer} that are taken`));
  return { taken: [...taken.values()], rejected };
}

function reject(name: unknown, message: string): Rejected {
  return { name: storable(name, namesMax.rejected), message: storable(message, namesMax.message) };
}

// A stranger's word, cut to what its column and canonical JSON hold.
function storable(value: unknown, max: number): string {
  return typeof value === 'string' ? value.slice(0, max).replaceAll('\u0000', '').toWellFormed() : '';
}
