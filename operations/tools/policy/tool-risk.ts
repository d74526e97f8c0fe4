import type { RiskLevel, ToolAnnotations } from '../../../contracts/tools';

const wordsByRisk: readonly (readonly [RiskLevel, readonly string[]])[] = [
  ['critical', ['delete', 'remove', 'drop', 'destroy', 'kill']],
  ['high', ['write', 'execute', 'run', 'shell', 'eval', 'create']],
  ['medium', ['update', 'modify', 'set', 'put', 'post']],
  ['low', ['read', 'get', 'list', 'search', 'query', 'fetch']],
];

const order: Readonly<Record<RiskLevel, number>> = { low: 0, medium: 1, high: 2, critical: 3 };

/** `getUserById`, `get-user_by.id` and `HTTPGet` fall into words, so that `target` holds no `get`. */
export function wordsOf(name: string): string[] {
  return name
    .replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replaceAll(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

function riskOfName(name: string): RiskLevel {
  const words = new Set(wordsOf(name));
  return wordsByRisk.find(([, risky]) => risky.some((word) => words.has(word)))?.[0] ?? 'medium';
}

export function isLower(one: RiskLevel, other: RiskLevel): boolean {
  return order[one] < order[other];
}

function higher(one: RiskLevel, other: RiskLevel): RiskLevel {
  return isLower(one, other) ? other : one;
}

/** The risk of a tool before anybody has set it: by its name, raised by what its server admits. */
export function initialRisk(name: string, annotations: ToolAnnotations | undefined): RiskLevel {
  const byName = riskOfName(name);
  // Absent hints say nothing: MCP's default of a destructive tool would make every silent server's tools high.
  if (annotations?.destructiveHint === true && annotations.readOnlyHint !== true) return higher(byName, 'high');
  if (annotations?.readOnlyHint === false) return higher(byName, 'medium');
  return byName;
}

/** Below this no tenant sets the risk of a tool of that name. */
export function riskFloor(name: string): RiskLevel {
  return riskOfName(name) === 'critical' ? 'high' : 'low';
}
