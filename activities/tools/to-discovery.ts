import { ToolDefinitionSchema, type Discovery } from '../../contracts/tool-schemas';
import { serverCapabilities, toolLimits, type ToolDefinition } from '../../contracts/tools';
import type { Definitions, Handshake, NamedDefinition } from '../adapters/mcp/port';

export interface Offered {
  readonly handshake: Handshake;
  readonly tools: Definitions<ToolDefinition>;
  readonly resources: Definitions<NamedDefinition>;
  readonly prompts: Definitions<NamedDefinition>;
  readonly latencyMs: number;
}

type Rejected = Discovery['rejected'][number];

const rejectedMax = 100;
const namesMax = { name: 256, version: 128, title: 256, revision: 16, rejected: 256, message: 500 };

/** What a server offers as it is recorded: what cannot be taken stands in `rejected`, with the reason. */
export function toDiscovery({ handshake, tools, resources, prompts, latencyMs }: Offered): Discovery {
  const { taken, rejected } = takeTools(tools);
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
    resource_count: resources.items.length,
    prompt_count: prompts.items.length,
    rejected,
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
  return { taken: [...taken.values()], rejected: rejected.slice(0, rejectedMax) };
}

function reject(name: unknown, message: string): Rejected {
  return { name: storable(name, namesMax.rejected), message: storable(message, namesMax.message) };
}

// A stranger's word, cut to what its column and canonical JSON hold.
function storable(value: unknown, max: number): string {
  return typeof value === 'string' ? value.slice(0, max).replaceAll('\u0000', '').toWellFormed() : '';
}
