import type { Discovery } from '../../contracts/tool-schemas';
import { contentLimits, ServerContent, type ContentKind } from '../../contracts/server-contents';
import type { Definitions, NamedDefinition } from '../adapters/mcp/port';

export interface OfferedContents {
  readonly resources: Definitions<NamedDefinition>;
  readonly templates: Definitions<NamedDefinition>;
  readonly prompts: Definitions<NamedDefinition>;
}

/** What could not be taken, and why. */
export interface NotTaken {
  readonly name: unknown;
  readonly message: string;
}

const nameFields = { resource: 'uri', resource_template: 'uriTemplate', prompt: 'name' } as const;

/** Resources, templates and prompts by what they are asked for with, as far as a server's share goes. */
export function takeContents({ resources, templates, prompts }: OfferedContents) {
  const notTaken: NotTaken[] = [];
  let bytes = 0;
  const take = (kind: ContentKind, { items, tooLarge, isTruncated }: Definitions<NamedDefinition>) => {
    const taken = new Map<string, Discovery['contents'][number]>();
    tooLarge.forEach((name) => notTaken.push({ name, message: `the definition of the ${kind} is too large` }));
    for (const item of items) {
      const why = whyNot(item);
      if (why !== undefined) notTaken.push({ name: item.name, message: `${kind}: ${why}` });
    }
    if (isTruncated || items.length > contentLimits.perKind) {
      notTaken.push({ name: '', message: `more of kind ${kind} are listed than are taken` });
    }
    return [...taken.values()];

    function whyNot(item: NamedDefinition): string | undefined {
      if (taken.size === contentLimits.perKind) return undefined;
      const parsed = ServerContent.safeParse({ kind, name: item[nameFields[kind]], definition: item });
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a definition'}`;
      }
      const size = Buffer.byteLength(JSON.stringify(item));
      if (size > contentLimits.definitionBytes) return 'the definition is too large';
      if (taken.has(parsed.data.name)) return 'another has this name; the first is taken';
      if (bytes + size > contentLimits.bytes) return 'the server has no room left for it';
      bytes += size;
      taken.set(parsed.data.name, parsed.data);
      return undefined;
    }
  };
  const contents = [
    ...take('resource', resources),
    ...take('resource_template', templates),
    ...take('prompt', prompts),
  ];
  return { contents, notTaken };
}
