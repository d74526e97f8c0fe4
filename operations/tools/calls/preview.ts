import { redacted, redactJson } from '../redaction/redact';

/** Words of names whose values are never shown (DOMAIN's list for tool calls). */
const redactedWords = [
  ...['password', 'secret', 'token', 'key', 'credential', 'auth', 'api_key', 'bearer', 'jwt', 'ssn'],
  ...['credit_card', 'card_number'],
];
const previewMax = 2_000;
const textMax = 200;

/** Arguments as a person may see them: without what the paths name and values under telling names, long texts cut. */
export function previewOf(value: unknown, paths: readonly string[] = []): string {
  const kept = paths.length === 0 ? value : (redactJson(value, paths)?.value ?? redacted);
  const text = JSON.stringify(shown(kept, 0));
  return text.length <= previewMax ? text : `${text.slice(0, previewMax - 1).toWellFormed()}…`;
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length <= textMax ? value : `${value.slice(0, textMax)}…`;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 8) return '…';
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => shown(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isTelling(name) ? redacted : shown(inner, depth + 1)]),
  );
}

function isTelling(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, '');
  return redactedWords.some((word) => plain.includes(word.replaceAll('_', '')));
}
