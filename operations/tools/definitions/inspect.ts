import type { ServerContent } from '../../../contracts/server-contents';
import { beginningOf } from '../../../contracts/text';
import type { InspectedKind, ToolDefinition } from '../../../contracts/tools';
import { schemaIssue } from '../policy/arguments';
import { OutOfTime, withinTime } from '../policy/within-time';

/** What an administrator should look at before trusting a definition. It refuses nothing by itself. */
export interface DefinitionFinding {
  readonly tool: string;
  readonly kind: InspectedKind;
  /** JSON pointer (RFC 6901) into the definition, or the beginning of a long one. */
  readonly field: string;
  readonly message: string;
}

/** A tool of another server of the tenant. */
export interface Neighbour {
  readonly server: string;
  readonly tool: string;
}

// Default ignorables (zero width, tags), controls other than line ends and tabs, and what turns the direction of text.
const hidden =
  /[\p{Default_Ignorable_Code_Point}\u202a-\u202e\u2066-\u2069]|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/u;
// Joiners belong to the spelling of several scripts, and a variation selector to an emoji.
const innocent = /(?<=[\p{L}\p{M}\p{Extended_Pictographic}])[\u200c\u200d\ufe0e\ufe0f]/gu;

const instructions: readonly RegExp[] = [
  /\b(ignore|disregard|forget|override)\b[^.\n]{0,40}\b(previous|prior|above|other|all|earlier|system)\b[^.\n]{0,30}\b(instructions?|rules?|prompts?|messages?)\b/i,
  /\b(do not|don't|never|without)\b[^.\n]{0,30}\b(tell|telling|mention|mentioning|inform|informing|reveal|show)\b[^.\n]{0,30}\b(user|human|anyone|anybody)\b/i,
  /\b(before|after|instead of|whenever)\b[^.\n]{0,40}\b(using|calling|invoking|you (use|call))\b[^.\n]{0,40}\b(tool|function)s?\b[^.\n]{0,60}\b(read|send|include|pass|fetch|call)\b/i,
  /<\s{0,8}\/?\s{0,8}(important|system|instructions?|secret|hidden|admin)\s{0,8}>/i,
  /<!--/,
  /(~\/\.(ssh|aws|config|cursor)|id_rsa|\.env\b|mcp\.json|\/etc\/passwd)/i,
  /\bdata:[a-z/+.-]+;base64,/i,
];

const fieldMax = 500;
// A thousand long descriptions must not hold up whatever else the process does.
const timeMsMax = 1_000;

/** Looks at definitions for what a person would not see, or should not be told by a stranger. */
export function inspectDefinitions(
  tools: readonly ToolDefinition[],
  neighbours: readonly Neighbour[],
): DefinitionFinding[] {
  return inTime(() => inspectAll(tools, neighbours));
}

/** Likewise at what a server offers beside tools: models are shown that too. */
export function inspectContents(contents: readonly ServerContent[]): DefinitionFinding[] {
  return inTime(() =>
    contents.flatMap(({ kind, name, definition }) =>
      textsIn(definition).flatMap(({ field, text }) =>
        inspectText(beginningOf(`${kind} ${name}`, fieldMax), field, text),
      ),
    ),
  );
}

function inTime(inspect: () => DefinitionFinding[]): DefinitionFinding[] {
  try {
    return withinTime(inspect, timeMsMax);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    const message = `The definitions could not be looked at in ${timeMsMax} ms: they are too long.`;
    return [{ tool: '', kind: 'not_inspected', field: '', message }];
  }
}

function inspectAll(tools: readonly ToolDefinition[], neighbours: readonly Neighbour[]): DefinitionFinding[] {
  const byName = new Map<string, Neighbour[]>();
  for (const neighbour of neighbours) {
    const key = skeleton(neighbour.tool);
    byName.set(key, [...(byName.get(key) ?? []), neighbour]);
  }
  return tools.flatMap((tool) => [
    ...inspectName(tool.name, byName.get(skeleton(tool.name)) ?? []),
    ...textsOf(tool).flatMap(({ field, text }) => inspectText(tool.name, field, text)),
    ...inspectSchemas(tool),
  ]);
}

function inspectName(name: string, namesakes: readonly Neighbour[]): DefinitionFinding[] {
  return namesakes.map(({ server, tool }) =>
    tool === name
      ? { tool: name, kind: 'shadowed_name', field: '/name', message: `The server ${server} has a tool of this name.` }
      : { tool: name, kind: 'confusable_name', field: '/name', message: `Looks like ${tool} of the server ${server}.` },
  );
}

function inspectText(tool: string, path: string, text: string): DefinitionFinding[] {
  const found: DefinitionFinding[] = [];
  const field = beginningOf(path, fieldMax);
  const character = hidden.exec(text.replaceAll(innocent, ''))?.[0];
  if (character !== undefined) {
    const point = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    found.push({ tool, kind: 'hidden_characters', field, message: `Holds U+${point}, which nobody sees.` });
  }
  const plain = text.normalize('NFKC').replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '');
  const instruction = instructions.map((pattern) => pattern.exec(plain)?.[0]).find((match) => match !== undefined);
  if (instruction !== undefined) {
    found.push({
      tool,
      kind: 'hidden_instructions',
      field,
      message: `Speaks to the model rather than about the tool: “${beginningOf(instruction, 120)}”`,
    });
  }
  return found;
}

function inspectSchemas(tool: ToolDefinition): DefinitionFinding[] {
  return (['inputSchema', 'outputSchema'] as const).flatMap((part) => {
    const schema = tool[part];
    const issue = schema === undefined ? undefined : schemaIssue(schema);
    return issue === undefined
      ? []
      : [{ tool: tool.name, kind: 'unusable_schema' as const, field: `/${part}`, message: issue }];
  });
}

/** Every text of a definition, those within its schemas too, since all of them reach the model. */
function textsOf({ name, title, description, inputSchema, outputSchema, annotations }: ToolDefinition): FoundText[] {
  return textsIn({ name, title, description, inputSchema, outputSchema, annotations });
}

interface FoundText {
  readonly field: string;
  readonly text: string;
}

function textsIn(definition: object): FoundText[] {
  const found: FoundText[] = [];
  const visit = (value: unknown, field: string): void => {
    if (typeof value === 'string') found.push({ field, text: value });
    else if (Array.isArray(value)) value.forEach((item, at) => visit(item, `${field}/${at}`));
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        const at = `${field}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
        found.push({ field: at, text: key });
        visit(item, at);
      }
    }
  };
  visit(definition, '');
  return found;
}

/** Names that look alike fall together: case, width, separators, and digits that stand for letters. */
function skeleton(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .replaceAll('0', 'o')
    .replaceAll(/[1|]/g, 'l');
}
